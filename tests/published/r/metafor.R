# Errors of the response known: metafor::rma and rma.mv, by REML and ML: Rscript metafor.R
source("read.R"); suppressMessages(library(metafor))
x <- as.matrix(soils[c("feox", "mbc", "shannon", "cn")]); y <- soils$ln_q10; v <- soils$sd_ln_q10^2
rows <- list()
add <- function(model, method, b, se, variances, loglik) rows[[length(rows) + 1]] <<- data.frame(model = model, method = method,
  what = c(paste("b", 0:4), paste("se", 0:4), paste("variance", seq_along(variances) - 1), "logLik"),
  value = c(as.numeric(b), as.numeric(se), variances, as.numeric(loglik)))
for (m in c("REML", "ML")) {
  f <- rma(y, v, mods = x, method = m, control = list(threshold = 1e-12, maxiter = 1000))
  add("errors", m, f$b, f$se, f$tau2, logLik(f))
  soils$id <- seq_along(y)
  f <- rma.mv(y, v, mods = x, random = list(~1 | id, ~1 | site), data = soils, method = m,
              control = list(optimizer = "nlminb", rel.tol = 1e-11))
  add("errors and site", m, f$b, f$se, f$sigma2, logLik(f))
}
write_out(do.call(rbind, rows), "metafor.csv")
