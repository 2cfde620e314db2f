# Zero-order and partial correlations by residuals of lm, BH, VIF: Rscript correlation.R
source("read.R")
rows <- list()
partial <- function(x, held, method) {
  d <- soils[c("ln_q10", x, held)]
  if (method == "spearman") d[] <- lapply(d, rank)
  ry <- resid(lm(reformulate(held, "ln_q10"), d)); rx <- resid(lm(reformulate(held, x), d))
  r <- cor(ry, rx); df <- nrow(d) - 2 - length(held)
  c(r, 2 * pt(-abs(r * sqrt(df / (1 - r^2))), df))
}
for (method in c("pearson", "spearman")) for (x in predictors) {
  own <- names(groups)[sapply(groups, function(g) x %in% g)]
  r <- cor(soils$ln_q10, soils[[x]], method = method); df <- nrow(soils) - 2
  rows[[length(rows) + 1]] <- data.frame(method = method, predictor = x, controlled = "", r = r,
    p = 2 * pt(-abs(r * sqrt(df / (1 - r^2))), df))
  for (g in setdiff(names(groups), own)) { q <- partial(x, groups[[g]], method)
    rows[[length(rows) + 1]] <- data.frame(method = method, predictor = x, controlled = g, r = q[1], p = q[2]) }
  q <- partial(x, setdiff(predictors, x), method)
  rows[[length(rows) + 1]] <- data.frame(method = method, predictor = x, controlled = "all others", r = q[1], p = q[2])
}
found <- do.call(rbind, rows)
intervals <- do.call(rbind, lapply(predictors, function(x) { f <- cor.test(soils$ln_q10, soils[[x]])
  data.frame(predictor = x, lower = f$conf.int[1], upper = f$conf.int[2]) }))
write_out(intervals, "intervals.csv")
found$bh <- ave(found$p, found$method, found$controlled == "", FUN = function(p) p.adjust(p, "BH"))
write_out(found, "correlation.csv")
vif <- sapply(predictors, function(x) 1 / (1 - summary(lm(reformulate(setdiff(predictors, x), x), soils))$r.squared))
write_out(data.frame(predictor = predictors, vif = vif, kappa = sqrt(kappa(cor(soils[predictors]), exact = TRUE))), "vif.csv")
