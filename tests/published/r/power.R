# The power of a correlation, by the formula of pwr::pwr.r.test (Cohen 1988), written out: Rscript power.R
options(digits = 15)
power <- function(r, n, a = 0.05) { t <- qt(a / 2, n - 2, lower = FALSE); rc <- sqrt(t^2 / (t^2 + n - 2))
  z <- atanh(r) + r / (2 * (n - 1)); zc <- atanh(rc)
  pnorm((z - zc) * sqrt(n - 3)) + pnorm((-z - zc) * sqrt(n - 3)) }
rows <- expand.grid(n = c(10, 24, 48, 60, 200))
rows$smallest <- sapply(rows$n, function(n) uniroot(function(r) power(r, n) - 0.8, c(0.01, 0.99), tol = 1e-12)$root)
write.csv(format(rows, digits = 12), "power.csv", row.names = FALSE, quote = FALSE)
