package event

import "time"

// Outcome is what became of a submission.
type Outcome string

// The outcomes. Held rows wait for an explanation.
const (
	AllAccepted Outcome = "accepted"
	Partial     Outcome = "partial"
	Rejected    Outcome = "rejected"
)

// Verdict is what the transform stage decided about one submission. It is JSON
// on verdicts.<area>.<dataset>, one for every message in SUBMISSIONS.
type Verdict struct {
	Submission string  `json:"submission"`
	Area       string  `json:"area"`
	Dataset    string  `json:"dataset"`
	Outcome    Outcome `json:"outcome"`
	// Repeated is true when the same content had been accepted before: nothing
	// changed, and the counts are those of this message's rows.
	Repeated bool `json:"repeated,omitempty"`
	// Sequence is the submission's place in SUBMISSIONS, and AcceptedSequence the
	// place of its accepted observations in ACCEPTED, 0 when there are none.
	Sequence         uint64    `json:"sequence"`
	AcceptedSequence uint64    `json:"accepted_sequence,omitempty"`
	ReceivedAt       time.Time `json:"received_at"`
	DecidedAt        time.Time `json:"decided_at"`
	Via              string    `json:"via,omitempty"`
	By               string    `json:"by,omitempty"`
	File             string    `json:"file,omitempty"`
	// Rows counts the observations; Accepted + Held + RejectedRows make it up.
	Rows         int `json:"rows"`
	Accepted     int `json:"accepted"`
	Held         int `json:"held"`
	RejectedRows int `json:"rejected"`
	// Catalogue is the version of the catalogue it was judged by.
	Catalogue string    `json:"catalogue"`
	Findings  []Finding `json:"findings"`
	// FindingsOmitted counts findings that did not fit into one message; those on
	// the first rows are kept.
	FindingsOmitted int `json:"findings_omitted,omitempty"`
}

// Severity says what a finding does to its row.
type Severity string

// The severities.
const (
	Reject Severity = "reject"
	Hold   Severity = "hold"
	Inform Severity = "inform"
)

// Finding is one thing that validation has to say, with its place.
type Finding struct {
	// Code is stable and for programs.
	Code     string   `json:"code"`
	Severity Severity `json:"severity"`
	// Row counts from 1 as in the file (a header line counts); 0 is the whole
	// submission. Column is the field's name.
	Row       int    `json:"row"`
	Column    string `json:"column,omitempty"`
	Indicator string `json:"indicator,omitempty"`
	Period    string `json:"period,omitempty"`
	// Seen is the text found there.
	Seen      string `json:"seen"`
	MessageZH string `json:"message_zh"`
	MessageEN string `json:"message_en"`
}
