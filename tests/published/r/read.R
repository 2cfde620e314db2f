# What all scripts of this folder share: the synthetic table, and numbers written with all their digits.
options(digits = 15)
soils <- read.csv("soils.csv", comment.char = "#")
predictors <- c("clay", "feox", "mbc", "plfa", "glucosidase", "shannon", "cn", "suva", "ph", "mat")
soils[predictors] <- scale(soils[predictors])
groups <- list(mineral = c("clay", "feox"), microbial = c("mbc", "plfa", "glucosidase", "shannon"),
               substrate = c("cn", "suva"), environment = c("ph", "mat"))
write_out <- function(table, file) write.csv(format(table, digits = 15, trim = TRUE), file, row.names = FALSE, quote = FALSE)
