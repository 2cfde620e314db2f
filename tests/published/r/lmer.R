# lme4::lmer by REML and ML, lmerTest's Satterthwaite degrees of freedom: Rscript lmer.R
source("read.R"); suppressMessages(library(lmerTest))
full <- paste("ln_q10 ~", paste(predictors, collapse = " + "))
models <- list(site = "+ (1 | site)", nested = "+ (1 | site) + (1 | core)")
control <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10))
effects <- list(); other <- list()
add <- function(name, reml, formula) {
  fit <- lmer(as.formula(formula), data = soils, REML = reml, control = control)
  t <- coef(summary(fit)); v <- as.data.frame(VarCorr(fit))
  effects[[length(effects) + 1]] <<- data.frame(model = name, method = if (reml) "REML" else "ML", term = rownames(t),
    estimate = t[, 1], error = t[, 2], freedom = t[, 3], p = t[, 5])
  other[[length(other) + 1]] <<- data.frame(model = name, method = if (reml) "REML" else "ML",
    what = c(v$grp, "logLik"), value = c(v$vcov, as.numeric(logLik(fit))))
  fit
}
for (name in names(models)) for (reml in c(TRUE, FALSE)) add(name, reml, paste(full, models[[name]]))
fit <- add("cover", TRUE, "ln_q10 ~ cover + feox + (1 | site)")
a <- anova(fit)
other[[length(other) + 1]] <- data.frame(model = "cover", method = "REML", what = c("F cover", "DenDF cover", "p cover"),
  value = c(a["cover", "F value"], a["cover", "DenDF"], a["cover", "Pr(>F)"]))
write_out(do.call(rbind, effects), "lmer_effects.csv"); write_out(do.call(rbind, other), "lmer_other.csv")
