package event

// Headers of our messages, beside those of JetStream.
const (
	// SubmissionHeader carries a submission's id on SUBMISSIONS and VERDICTS.
	SubmissionHeader = "Citytally-Submission"
	// ViaHeader says how a submission came in (http, cli, folder), ByHeader who
	// authenticated.
	ViaHeader = "Citytally-Via"
	ByHeader  = "Citytally-By"
	// OutcomeHeader carries a verdict's outcome, RepeatedHeader whether it
	// repeats an earlier one.
	OutcomeHeader  = "Citytally-Outcome"
	RepeatedHeader = "Citytally-Repeated"
)
