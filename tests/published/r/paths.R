# A path model of observed variables by maximum likelihood (lavaan), and Fisher's C of its basis set written out by
# hand with lm, for transect.csv, a synthetic table.
# Rscript paths.R, in this folder, with lavaan 0.6-14 of Debian 12.
suppressMessages(library(lavaan))
table <- read.csv("transect.csv")
rows <- list()
keep <- function(method, name, value) rows[[length(rows) + 1]] <<- data.frame(method, name, value)

model <- "
  logq10 ~ b1*mineral + b2*abundance + diversity
  abundance ~ a1*substrate
  substrate ~ c1*mineral
  indirect := c1*a1*b2
  total := b1 + c1*a1*b2
"
fit <- sem(model, table, meanstructure = TRUE, control = list(rel.tol = 1e-10))
found <- parameterEstimates(fit, standardized = TRUE)
found <- found[found$op %in% c("~", ":=") | (found$op == "~~" & found$se > 0), ]
for (i in seq_len(nrow(found))) {
  name <- paste0(found$lhs[i], found$op[i], found$rhs[i])
  keep("lavaan", paste("estimate", name), found$est[i])
  keep("lavaan", paste("error", name), found$se[i])
  keep("lavaan", paste("standardised", name), found$std.all[i])
}
for (name in c("chisq", "df", "pvalue", "cfi", "rmsea", "srmr", "logl")) keep("lavaan", name, fitMeasures(fit)[name])
for (name in names(lavInspect(fit, "r2"))) keep("lavaan", paste("r2", name), lavInspect(fit, "r2")[name])

p <- function(formula) { found <- summary(lm(formula, table))$coefficients; found[nrow(found), 4] }
claims <- c(
  "logq10 substrate" = p(logq10 ~ mineral + abundance + diversity + substrate),
  "abundance mineral" = p(abundance ~ substrate + mineral),
  "abundance diversity" = p(abundance ~ substrate + diversity),
  "substrate diversity" = p(substrate ~ mineral + diversity))
for (name in names(claims)) keep("separation", paste("p", name), claims[name])
keep("separation", "C", -2 * sum(log(claims)))
keep("separation", "p", pchisq(-2 * sum(log(claims)), 2 * length(claims), lower.tail = FALSE))

write.csv(format(do.call(rbind, rows), digits = 15), "paths.csv", row.names = FALSE, quote = FALSE)
