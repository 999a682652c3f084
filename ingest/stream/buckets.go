package stream

// DurationBuckets are the buckets of a histogram of how long work on a message
// takes, in seconds: from a quiet message's time to a long outage's.
func DurationBuckets() []float64 {
	return []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}
}
