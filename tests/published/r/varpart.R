# vegan::varpart of 2, 3 and 4 groups, and the table of adjusted R2: Rscript varpart.R
source("read.R"); suppressMessages(library(vegan))
x <- lapply(groups, function(g) soils[g])
rows <- list()
for (k in 2:4) {
  found <- suppressWarnings(do.call(varpart, c(list(soils$ln_q10), unname(x[1:k]))))
  for (part in c("fract", "indfract")) {
    t <- found$part[[part]]
    column <- grep("^Adj.R.squ", names(t))
    rows[[length(rows) + 1]] <- data.frame(groups = k, table = part, fraction = gsub("[^A-Za-z0-9+|= ]", "", rownames(t)),
      df = t$Df, adjusted = t[[column]])
  }
}
write_out(do.call(rbind, rows), "varpart.csv")
# The F of a unique fraction, and its permutation p, which depends on the draws.
set.seed(1)
model <- rda(soils$ln_q10 ~ clay + feox + Condition(mbc + plfa + glucosidase + shannon + cn + suva + ph + mat), data = soils)
found <- anova(model, permutations = 9999)
write_out(data.frame(group = "mineral", f = found$F[1], p = found$`Pr(>F)`[1]), "unique_test.csv")
