# vegan::ordiR2step: forward selection with both stopping rules: Rscript selection.R
source("read.R"); suppressMessages(library(vegan)); set.seed(1)
d <- soils[predictors]
full <- rda(soils$ln_q10 ~ ., d); none <- rda(soils$ln_q10 ~ 1, d)
found <- ordiR2step(none, full, Pin = 0.05, permutations = 9999, trace = FALSE)
a <- found$anova
write_out(data.frame(step = gsub("+ ", "", rownames(a), fixed = TRUE), adjusted = a$R2.adj, p = a$`Pr(>F)`), "selection.csv")
