# Fits of series.csv by R, written to closings.csv: Rscript closings.R, in this folder.
# R 4.2.2, MASS 7.3-58.2 (Debian 12: r-base-core, r-cran-mass).
library(MASS)
series <- read.csv("series.csv")
fits <- lapply(split(series, series$series), function(s) {
  line <- rlm(carbon ~ time, data = s, psi = psi.huber, scale.est = "proposal 2", acc = 1e-13, maxit = 2000)
  error <- summary(line)$coefficients
  straight <- summary(lm(carbon ~ time, data = s))$coefficients
  # HMR as in gasfluxes::HMR.fit, with volume and area 1: partially linear least squares in log kappa.
  start <- log(1 / max(s$time))
  curve <- nls(carbon ~ cbind(1, exp(-exp(k) * time) / (-exp(k))), data = s, start = list(k = start),
               algorithm = "plinear", control = nls.control(maxiter = 500, tol = 1e-7, minFactor = 1e-12, nDcentral = TRUE))
  found <- coef(curve)
  kappa <- exp(found[["k"]]); f0 <- found[[".lin2"]]; phi <- found[[".lin1"]]
  # The same curve in its three parameters, for the profile interval of the rate.
  free <- nls(carbon ~ m0 + f0 * (1 - exp(-kappa * time)) / kappa, data = s,
              start = list(m0 = phi - f0 / kappa, f0 = f0, kappa = kappa))
  interval <- tryCatch(suppressMessages(confint(free, "f0")), error = function(e) c(NA, NA))
  data.frame(series = s$series[1], n = nrow(s),
             linear_rate = straight[2, 1], linear_sd = straight[2, 2],
             robust_rate = error[2, 1], robust_sd = error[2, 2], robust_start = error[1, 1], robust_scale = line$s,
             hmr_rate = f0, hmr_curvature = kappa, hmr_start = phi - f0 / kappa, hmr_rss = deviance(curve),
             hmr_lower = interval[[1]], hmr_upper = interval[[2]])
})
table <- do.call(rbind, fits)
table[] <- lapply(table, signif, 12)
write.csv(table, "closings.csv", row.names = FALSE, quote = FALSE)
