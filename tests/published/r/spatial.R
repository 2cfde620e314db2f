# Moran's I (spdep), exponential generalised least squares with a nugget (nlme) and distance-based eigenvector maps
# (vegan::pcnm, whose eigenvalues are 8 t^2 (1 + those of dbMEM)) of transect.csv, a synthetic table.
# Rscript spatial.R, in this folder, with nlme 3.1-162, spdep 1.2-7, vegan 2.6-4 of Debian 12.
suppressMessages({library(nlme); library(spdep); library(vegan)})
table <- read.csv("transect.csv")
rows <- list()
keep <- function(method, name, value) rows[[length(rows) + 1]] <<- data.frame(method, name, value)

for (method in c("ML", "REML")) for (nugget in c(TRUE, FALSE)) {
  fit <- gls(logq10 ~ mineral + abundance + environment, table, method = method,
             correlation = corExp(c(60, 0.3)[seq_len(1 + nugget)], form = ~ x + y, nugget = nugget),
             control = glsControl(msTol = 1e-12, tolerance = 1e-12, msMaxIter = 500))
  called <- paste0("gls ", method, if (nugget) " nugget" else "")
  structure <- coef(fit$modelStruct$corStruct, unconstrained = FALSE)
  for (name in names(coef(fit))) {
    keep(called, paste("estimate", name), coef(fit)[name])
    keep(called, paste("error", name), sqrt(vcov(fit)[name, name]))
  }
  keep(called, "range", structure["range"])
  if (nugget) keep(called, "nugget", structure["nugget"])
  keep(called, "sigma", fit$sigma)
  keep(called, "log-likelihood", logLik(fit))
}

coordinates <- as.matrix(table[c("x", "y")])
distance <- as.matrix(dist(coordinates))
inverse <- 1 / distance; diag(inverse) <- 0
weights <- list(
  "inverse distance" = mat2listw(inverse, style = "B"),
  "nearest 4" = nb2listw(knn2nb(knearneigh(coordinates, 4)), style = "W"),
  "band 120" = nb2listw(dnearneigh(coordinates, 0, 120), style = "W"))
fit <- lm(logq10 ~ mineral + abundance, table)
for (called in names(weights)) {
  test <- moran.test(table$logq10, weights[[called]], randomisation = TRUE, alternative = "two.sided")
  residual <- lm.morantest(fit, weights[[called]], alternative = "two.sided")
  for (of in list(list("moran", test), list("moran of residuals", residual))) {
    keep(paste(of[[1]], called), "estimate", of[[2]]$estimate[1])
    keep(paste(of[[1]], called), "expected", of[[2]]$estimate[2])
    keep(paste(of[[1]], called), "variance", of[[2]]$estimate[3])
    keep(paste(of[[1]], called), "p", of[[2]]$p.value)
  }
}

maps <- pcnm(dist(coordinates))
keep("pcnm", "threshold", maps$threshold)
for (i in seq_along(maps$values)) keep("pcnm", paste("value", i), maps$values[i])
for (i in 1:4) for (j in seq_len(nrow(table))) keep("pcnm", paste("vector", i, j), maps$vectors[j, i])

write.csv(format(do.call(rbind, rows), digits = 15), "spatial.csv", row.names = FALSE, quote = FALSE)
