package event

import "time"

// Outcome is what became of a submission.
type Outcome string

// The outcomes of a submission.
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
	// Repeated is true when the same content had been accepted before. Then nothing
	// changed, and the counts are those of this message's rows.
	Repeated bool `json:"repeated,omitempty"`
	// Sequence is the submission's place in SUBMISSIONS. AcceptedSequence is the place of
	// its accepted observations in ACCEPTED; 0 is none.
	Sequence         uint64    `json:"sequence"`
	AcceptedSequence uint64    `json:"accepted_sequence,omitempty"`
	ReceivedAt       time.Time `json:"received_at"`
	DecidedAt        time.Time `json:"decided_at"`
	Via              string    `json:"via,omitempty"`
	By               string    `json:"by,omitempty"`
	File             string    `json:"file,omitempty"`
	// Rows counts the observations; it is Accepted + Held + RejectedRows. Held rows wait for
	// an explanation from the district.
	Rows         int `json:"rows"`
	Accepted     int `json:"accepted"`
	Held         int `json:"held"`
	RejectedRows int `json:"rejected"`
	// Catalogue is the version of the catalogue by which the submission was judged.
	Catalogue string    `json:"catalogue"`
	Findings  []Finding `json:"findings"`
	// FindingsOmitted counts the findings that did not fit into one message, which are
	// those on the last rows.
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

// Finding is one remark of validation, with its place.
type Finding struct {
	// Code is stable and for programs.
	Code     string   `json:"code"`
	Severity Severity `json:"severity"`
	// Row is the row in the file, counted from 1 with the header line; 0 is the whole
	// submission. Column is the field's name.
	Row    int    `json:"row"`
	Column string `json:"column,omitempty"`
	// Cell is the place in a table with many figures in a row: C4.
	Cell      string `json:"cell,omitempty"`
	Indicator string `json:"indicator,omitempty"`
	Period    string `json:"period,omitempty"`
	// Seen is the text that was found in that place.
	Seen      string `json:"seen"`
	MessageZH string `json:"message_zh"`
	MessageEN string `json:"message_en"`
}
