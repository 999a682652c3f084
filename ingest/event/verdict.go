package event

import (
	"strconv"
	"strings"
	"time"
)

// Outcome is what became of a submission.
type Outcome string

// The outcomes of a submission.
const (
	AllAccepted Outcome = "accepted"
	Partial     Outcome = "partial"
	Rejected    Outcome = "rejected"
	// AllHeld: no row was accepted, and some are held.
	AllHeld Outcome = "held"
)

// OutcomeOf returns the outcome of a submission of so many rows, of which some are accepted and
// some are held.
func OutcomeOf(rows, accepted, held int) Outcome {
	switch {
	case accepted == 0 && held > 0:
		return AllHeld
	case accepted == 0:
		return Rejected
	case accepted == rows:
		return AllAccepted
	}
	return Partial
}

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
	// Original is the SHA-256 of the file that the submission came in; "" where none was kept, and in
	// verdicts of earlier versions.
	Original string `json:"original,omitempty"`
	// Part says which part of a larger submission it is about; nil for a whole one.
	Part *Part `json:"part,omitempty"`
	// Rows counts the observations; it is Accepted + Held + RejectedRows. Held rows wait for
	// an explanation from the district, or the bureau's decision.
	// Rows that say nothing are not among them; Silent counts those.
	Rows         int `json:"rows"`
	Accepted     int `json:"accepted"`
	Held         int `json:"held"`
	RejectedRows int `json:"rejected"`
	Silent       int `json:"silent,omitempty"`
	// AssumedStage is the dataset's own stage where rows named none.
	AssumedStage string `json:"assumed_stage,omitempty"`
	// Effects say what the rows did to the figures in force, in the order of the list of
	// effects. Changes has the details of the first rows that met an earlier figure, and
	// ChangesOmitted counts the others.
	Effects        []RowEffect `json:"effects,omitempty"`
	Changes        []Change    `json:"changes,omitempty"`
	ChangesOmitted int         `json:"changes_omitted,omitempty"`
	// Catalogue is the version of the catalogue by which the submission was judged.
	Catalogue string `json:"catalogue"`
	// Rules is the version of the rules by which it was judged; "" for none. Basis is the last
	// message of ACCEPTED that was known then, and Batch the place in SUBMISSIONS of the first
	// submission that was judged together with this one: what was accepted of those between
	// was known as well. With these, judging again gives the same verdict.
	Rules string `json:"rules,omitempty"`
	Basis uint64 `json:"basis,omitempty"`
	Batch uint64 `json:"batch,omitempty"`
	// Findings are in the order of the rows.
	Findings []Finding `json:"findings"`
	// FindingsOmitted counts the findings that are not told: those on the last rows, where there are
	// many alike or they did not fit into one message.
	FindingsOmitted int `json:"findings_omitted,omitempty"`
}

// Effect is what a row did to the figures in force.
type Effect string

// The effects. A figure is Superseded where a later one is in force and stays; one that is
// Held changes nothing until it is released; a row with neither effect nor fault is Silent.
const (
	New        Effect = "new"
	Changed    Effect = "changed"
	Unchanged  Effect = "unchanged"
	WithdrewIt Effect = "withdrawn"
	Superseded Effect = "superseded"
	Held       Effect = "held"
	Refused    Effect = "refused"
	Silent     Effect = "silent"
)

// Effects returns every effect.
func Effects() []Effect {
	return []Effect{New, Changed, Unchanged, WithdrewIt, Superseded, Held, Refused, Silent}
}

// RowEffect says how many rows had an effect, and which: 2-40,42.
type RowEffect struct {
	Effect Effect `json:"effect"`
	Count  int    `json:"count"`
	Rows   string `json:"rows"`
}

// CountOf returns how many rows had an effect.
func (v *Verdict) CountOf(effect Effect) int {
	for _, e := range v.Effects {
		if e.Effect == effect {
			return e.Count
		}
	}
	return 0
}

// Change is what became of one row that met an earlier figure.
type Change struct {
	Row       int    `json:"row"`
	Indicator string `json:"indicator"`
	Period    string `json:"period"`
	Effect    Effect `json:"effect"`
	// Entity is the code of the entity that a row of a list is about; "" for a figure.
	Entity string `json:"entity,omitempty"`
	// From is the figure that was in force, and Submission and Sequence (in SUBMISSIONS)
	// what had brought it. To is what the row reports; none where it withdraws.
	From       *Said  `json:"from,omitempty"`
	To         *Said  `json:"to,omitempty"`
	Submission string `json:"submission,omitempty"`
	Sequence   uint64 `json:"sequence,omitempty"`
}

// Said is what was reported for a cell, in the indicator's unit. Value is "" for the
// word that there is no figure, and Status "" for A. Of an entity that is listed, Value says
// its name, validity and registered area.
type Said struct {
	Value     string `json:"value"`
	Stage     string `json:"stage"`
	Status    string `json:"status,omitempty"`
	Qualifier string `json:"qualifier,omitempty"`
}

// VerdictID is the message id of the verdict on the submission at a sequence of
// SUBMISSIONS.
func VerdictID(sequence uint64) string { return verdictID + strconv.FormatUint(sequence, 10) }

const verdictID = "verdict."

// JudgedSequence returns the sequence in SUBMISSIONS that a verdict's message id names. A
// verdict that was published again from a letter in DEAD names none; the first one does.
func JudgedSequence(messageID string) (sequence uint64, ok bool) {
	text, ok := strings.CutPrefix(messageID, verdictID)
	if !ok {
		return 0, false
	}
	sequence, err := strconv.ParseUint(text, 10, 64)
	return sequence, err == nil
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
	// Rule is the rule that found it, of the verdict's version of the rules, and Values what
	// the rule saw; none where the finding is not a rule's.
	Rule   string      `json:"rule,omitempty"`
	Values []SeenValue `json:"values,omitempty"`
	// ReleasedBy is who releases the row, where the finding holds it.
	ReleasedBy Releaser `json:"released_by,omitempty"`
	// Hold is the id under which the row is held already, of an earlier submission that said the
	// same. One that this submission brings is held as its sequence and row.
	Hold string `json:"hold,omitempty"`
}

// SeenValue is a value that a rule saw: that of a variable of its expression.
type SeenValue struct {
	Name  string `cbor:"1,keyasint" json:"name"`
	Value string `cbor:"2,keyasint" json:"value"`
}
