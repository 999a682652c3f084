package page

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/citytally/citytally/configs/calendar"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/ingest/token"
)

// Gateway is what a page needs of the gateway that it belongs to.
type Gateway interface {
	Tokens
	Uploads
	Submissions
	Figures
	Held
	Calendar
}

// Tokens says whose a token is.
type Tokens interface {
	// SignIn returns the holder of a secret. It counts the failures of the request's address
	// and slows an address with many. The error is a [*Refusal].
	SignIn(w http.ResponseWriter, r *http.Request, secret string) (token.Holder, error)
	// Holder returns the holder of a secret that was presented before. The error is one of
	// package token.
	Holder(token.Fingerprint) (token.Holder, error)
}

// Uploads takes figures in. An error that is a [*Refusal] is for the person at the browser;
// any other is a fault of the program.
type Uploads interface {
	// Receive reads a file as it comes, within the bounds of the gateway and of the holder.
	Receive(w http.ResponseWriter, r *http.Request, who token.Holder, content io.Reader) ([]byte, error)
	// Check says what a file would be taken for and what would become of it. It takes nothing.
	Check(w http.ResponseWriter, r *http.Request, who token.Holder, content []byte, upload Upload) (Checked, error)
	// Send makes a file's submissions durable, all or none, and waits a moment for their
	// verdicts.
	Send(w http.ResponseWriter, r *http.Request, who token.Holder, content []byte, upload Upload) ([]Submission, error)
}

// Submissions tells what became of figures.
type Submissions interface {
	// Submission returns one submission that the holder may see, with its rows where the log
	// still has them. The error is a [*Refusal] where there is none.
	Submission(ctx context.Context, who token.Holder, id string) (Submission, error)
	// Recent returns the newest submissions of an area, the newest first, without their rows.
	Recent(ctx context.Context, area string, limit int) ([]Submission, error)
	// Judged returns true once the submission has a verdict, and false when ctx ends or the
	// gateway stops before.
	Judged(ctx context.Context, id string) bool
	// Original answers with the file that a submission came in.
	Original(w http.ResponseWriter, r *http.Request, who token.Holder, id string) error
	// Marked answers with a submission as a workbook that has the findings on its cells.
	Marked(w http.ResponseWriter, r *http.Request, who token.Holder, id string, english bool) error
}

// Figures tells what is in force. The error is a [*Refusal] while nobody can tell.
type Figures interface {
	InForce(w http.ResponseWriter, r *http.Request, wanted inquiry.Wanted) (inquiry.Figures, error)
	History(w http.ResponseWriter, r *http.Request, cell inquiry.Cell) (inquiry.History, error)
	Totals(w http.ResponseWriter, r *http.Request, wanted inquiry.WantedTotals) (inquiry.Totals, error)
	// Form answers with the form of a dataset, as an address of GET /v1/templates has it.
	Form(w http.ResponseWriter, r *http.Request, who token.Holder, dataset string, query url.Values) error
	// NextChange returns a channel that is closed when any figure may have changed.
	NextChange() <-chan struct{}
}

// Held tells what is held, and has on record what is said and decided about it. The error is a
// [*Refusal] where somebody may not, and while nobody can tell.
type Held interface {
	// Holds returns held figures that the holder may see, the latest first.
	Holds(w http.ResponseWriter, r *http.Request, who token.Holder, wanted inquiry.WantedHolds) (inquiry.Holds, error)
	// Decide returns the figures as they are afterwards.
	Decide(w http.ResponseWriter, r *http.Request, who token.Holder, act inquiry.HoldAct) (inquiry.Holds, error)
}

// Calendar tells what an area owes about now, the earliest deadline first; nothing where the
// gateway knows no calendar. The error is a [*Refusal] while nobody can tell.
type Calendar interface {
	Owed(w http.ResponseWriter, r *http.Request, area string) ([]Obligation, error)
	// Owes reports whether an area has to report a period of a dataset, at any time.
	Owes(area, dataset string, p catalogue.Period) bool
}

// Obligation is what an area has to report by when, and how much of it is there.
type Obligation struct {
	calendar.Obligation
	// Owed and Received count indicators; Missing are the ids of the others.
	Owed, Received int
	Missing        []string
	Complete       bool
	// Overdue is true where something is missing and the deadline has passed.
	Overdue bool
	// Locked is true where the period is locked.
	Locked bool
}

// Upload is what is known of a file besides its content.
type Upload struct {
	// Area is the area that figures belong to where the file names none.
	Area string
	// Dataset, Period, Sheet, Charset and Reason are those of [decode.Options].
	Dataset, Period, Sheet, Charset, Reason string
	// File is the file's name.
	File string
	// Typed says that the figures were typed on the page, which wrote the file.
	Typed bool
	// Again says that content which was superseded since is meant anew.
	Again bool
}

// Checked is what a file was read as.
type Checked struct {
	Understood decode.Understanding
	// Submissions are those that the file holds, and Foreseen what would become of them; nil
	// where that cannot be told now.
	Submissions []event.Submission
	Foreseen    *inquiry.Foreseen
}

// Submission is what became of a submission so far.
type Submission struct {
	ID, Area, Dataset, File string
	Rows                    int
	ReceivedAt              time.Time
	// Status is received, accepted, partial, held or rejected, as it stands by now.
	Status string
	// Counting counts the rows that count by now, those that were released since among them.
	Counting int
	// Held counts the rows that were held by what has become of them; nil where none was, and while
	// nobody can tell. Holds are the first of them.
	Held  *inquiry.Standing
	Holds []inquiry.Hold
	// Earlier has what was sent with the same content before and was judged by itself, the newest
	// first; none in a list.
	Earlier []Submission
	// Repeated is true when the same content had been sent before and is in force.
	Repeated bool
	Verdict  *event.Verdict
	// Content is the submission as it was received; nil where it was not asked for, or the
	// log does not have it any more.
	Content *event.Submission
}

// Pending counts the rows that are held by now.
func (s *Submission) Pending() int {
	switch {
	case s.Held != nil:
		return s.Held.Pending
	case s.Verdict != nil:
		return s.Verdict.Held
	}
	return 0
}

// Received is the status of a submission without a verdict.
const Received = "received"

// Refusal is why the gateway did not do what was asked, and what to do.
type Refusal struct {
	Status int
	// ZH and EN are sentences; Details are further ones, about single mistakes.
	ZH, EN  string
	Details []Sentence
}

// Sentence is a sentence in both languages.
type Sentence struct{ ZH, EN string }

// Error returns the English sentence.
func (r *Refusal) Error() string { return r.EN }
