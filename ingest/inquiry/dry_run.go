package inquiry

import (
	"context"
	"encoding/json"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// DryRunSubject is the subject of questions what would become of an upload.
const DryRunSubject = "inquiries.dryrun"

// Upload is the submissions of an upload as they would be published to SUBMISSIONS, in that
// order.
type Upload struct {
	Messages []Message `json:"messages"`
}

// Message is a message of SUBMISSIONS.
type Message struct {
	Subject string            `json:"subject"`
	ID      string            `json:"id,omitempty"`
	Header  map[string]string `json:"header,omitempty"`
	// Body is a submission.
	Body json.RawMessage `json:"body"`
}

// Foreseen is what would become of an upload if it were received now.
type Foreseen struct {
	// Basis is the sequence of ACCEPTED up to which the answer counts everything.
	Basis uint64 `json:"basis"`
	// Verdicts are those that the submissions would get, without a place in the log.
	Verdicts []event.Verdict `json:"verdicts"`
	// Totals are the city's totals that would change: first those of the cells that the upload
	// reports, then those that follow from them, each by period and indicator. TotalsOmitted
	// are left out.
	Totals        []TotalChange `json:"totals"`
	TotalsOmitted int           `json:"totals_omitted,omitempty"`
}

// MaxTotals is how many totals a [Foreseen] lists.
const MaxTotals = 500

// TotalChange is a total before and after.
type TotalChange struct {
	Indicator string `json:"indicator"`
	Period    string `json:"period"`
	Unit      string `json:"unit"`
	// From is the total that is in force, and To what would be; each is nil where there is
	// none.
	From *Total `json:"from,omitempty"`
	To   *Total `json:"to,omitempty"`
}

// Total is a city total without its inputs; its fields are those of [event.Total].
type Total struct {
	Value           string   `json:"value"`
	Stage           string   `json:"stage"`
	Status          string   `json:"status"`
	Qualifier       string   `json:"qualifier,omitempty"`
	Change          string   `json:"change,omitempty"`
	ChangeKind      string   `json:"change_kind,omitempty"`
	ChangeAbsolute  string   `json:"change_absolute,omitempty"`
	ChangeQualifier string   `json:"change_qualifier,omitempty"`
	ChangeReason    string   `json:"change_reason,omitempty"`
	ChangeAreas     []string `json:"change_areas,omitempty"`
	// Have of Expected areas have a value in it; Missing are the codes of the others but those
	// of which one is held.
	Have        int      `json:"have"`
	Expected    int      `json:"expected"`
	Missing     []string `json:"missing,omitempty"`
	Publishable bool     `json:"publishable"`
	Carried     []string `json:"carried,omitempty"`
	Flags       []string `json:"flags,omitempty"`
	// Held is what the total would be with the figures that are held.
	Held *event.TotalWithHeld `json:"held,omitempty"`
}

// TotalOf returns a total without its inputs.
func TotalOf(t *event.Total) *Total {
	return &Total{
		Value: t.Value, Stage: t.Stage, Status: t.Status, Qualifier: t.Qualifier,
		Change: t.Change, ChangeKind: t.ChangeKind, ChangeAbsolute: t.ChangeAbsolute, ChangeQualifier: t.ChangeQualifier,
		ChangeReason: t.ChangeReason, ChangeAreas: t.ChangeAreas,
		Have: t.Have(), Expected: t.Expected, Missing: t.NotReported(), Publishable: t.Publishable, Carried: t.Carried, Flags: t.Flags, Held: t.Held,
	}
}

// DryRun asks what would become of messages that were published now. The error is a
// Permanent where they are too large for one question, and wraps [stream.ErrNobodyAnswers]
// where no transform stage is at work.
func DryRun(ctx context.Context, log *stream.Log, messages []stream.Message) (Foreseen, error) {
	upload := Upload{Messages: make([]Message, len(messages))}
	for i, m := range messages {
		upload.Messages[i] = Message{Subject: m.Subject, ID: m.ID, Header: m.Header, Body: m.Body}
	}
	return ask[Foreseen](ctx, log, DryRunSubject, upload)
}
