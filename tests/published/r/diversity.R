# vegan: richness, Shannon, Simpson, expected richness at a depth, mean of rarefied tables: Rscript diversity.R
options(digits = 15); suppressMessages(library(vegan))
t <- read.csv("counts.csv", comment.char = "#"); x <- t[setdiff(names(t), "sample")]
set.seed(3); draws <- 4000
rarefied <- Reduce(`+`, lapply(seq_len(draws), function(i) { r <- rrarefy(x, 80)
  cbind(diversity(r), diversity(r, "simpson")) })) / draws
write.csv(format(data.frame(sample = t$sample, richness = specnumber(x), shannon = diversity(x), simpson = diversity(x, "simpson"),
  richness80 = as.numeric(rarefy(x, 80)), shannon80 = rarefied[, 1], simpson80 = rarefied[, 2]), digits = 15, trim = TRUE),
  "diversity.csv", row.names = FALSE, quote = FALSE)
