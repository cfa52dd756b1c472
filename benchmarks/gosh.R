# Time metafor::gosh on one CPU: arguments are the file of trials (two columns, yi and vi, without a header), the method,
# and the number of trials to take from its beginning. Prints the user and system seconds, the number of fits, and sums
# of the results that say whether the same thing was computed.
given <- commandArgs(trailingOnly = TRUE)
suppressMessages(library(metafor))
trials <- read.csv(given[1], header = FALSE)[seq_len(as.integer(given[3])), ]
fit <- rma(trials[[1]], trials[[2]], method = given[2])
# A subset that does not converge is a warning here and a row without a result.
taken <- system.time(result <- suppressWarnings(gosh(fit, progbar = FALSE, parallel = "no")))
estimates <- result$res[, "estimate"]
cat(sprintf("%.6f %d %.12f %s\n", taken[["user.self"]] + taken[["sys.self"]], length(estimates),
            sum(estimates, na.rm = TRUE), packageVersion("metafor")))
