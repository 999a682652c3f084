package event

// Headers of this program's messages, beside those of JetStream.
const (
	// SubmissionHeader carries a submission's id on SUBMISSIONS and VERDICTS.
	SubmissionHeader = "Citytally-Submission"
	// ViaHeader carries how a submission came in (http, cli, folder), ByHeader the name
	// of the token it came with.
	ViaHeader = "Citytally-Via"
	ByHeader  = "Citytally-By"
	// RoleHeader and TokenHeader carry the role and the id of that token.
	RoleHeader  = "Citytally-Role"
	TokenHeader = "Citytally-Token"
	// DirectHeader carries the sequence in DIRECT of a submission that a district published
	// there, and KeyHeader the sender's name for it.
	DirectHeader = "Citytally-Direct"
	KeyHeader    = "Citytally-Key"
	// OriginalHeader carries the SHA-256 of the file that a submission came in.
	OriginalHeader = "Citytally-Original"
	// LostHeader says that a message of SUBMISSIONS stands in the place of one that was lost and has a
	// verdict, so that the place is not given again. It says nothing itself and gets no verdict.
	LostHeader = "Citytally-Lost"
	// OutcomeHeader carries a verdict's outcome, RepeatedHeader whether its submission
	// repeats an earlier one.
	OutcomeHeader  = "Citytally-Outcome"
	RepeatedHeader = "Citytally-Repeated"
)
