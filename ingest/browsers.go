package ingest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/ingest/page"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/ingest/token"
)

// browsers is the gateway as package page sees it.
type browsers struct{ *Gateway }

var _ page.Gateway = browsers{}

// viaPage says of a submission that it came in through the page.
const viaPage = "page"

// SignIn returns the holder of a secret that somebody has typed.
func (b browsers) SignIn(w http.ResponseWriter, r *http.Request, secret string) (token.Holder, error) {
	who, err := b.identify(w, r, token.FingerprintOf(secret))
	// A browser would answer a challenge with a dialogue of its own.
	w.Header().Del("WWW-Authenticate")
	if problem, ok := errors.AsType[*Problem](err); ok && problem.Status == http.StatusUnauthorized {
		problem.Detail, problem.DetailZH = "This token is not in force: it is mistyped, has expired, or was revoked.", "令牌无效：可能输入有误、已过期或已撤销。"
	}
	return who, refusal(err)
}

// Holder returns whom a token belongs to that was presented before.
func (b browsers) Holder(f token.Fingerprint) (token.Holder, error) {
	return b.tokens.LookupFingerprint(f, time.Now())
}

// Receive reads a file within the bounds of one upload.
func (b browsers) Receive(w http.ResponseWriter, r *http.Request, who token.Holder, content io.Reader) ([]byte, error) {
	leave, err := b.enter(r.Context(), w, who)
	if err != nil {
		return nil, refusal(err)
	}
	defer leave()
	var text bytes.Buffer
	if _, err := text.ReadFrom(http.MaxBytesReader(w, io.NopCloser(content), min(b.config.MaxBody, usualBody))); err != nil {
		return nil, refusal(b.bodyProblem(err))
	}
	return text.Bytes(), nil
}

// Check says what a file would be taken for and what would become of it. What would become
// of it is left out while no transform stage is at work.
func (b browsers) Check(w http.ResponseWriter, r *http.Request, who token.Holder, content []byte, upload page.Upload) (page.Checked, error) {
	if err := b.checkAvailable(w); err != nil {
		return page.Checked{}, refusal(err)
	}
	var checked page.Checked
	_, err := b.withUpload(w, asUpload(r, content, upload), who, viaPage, func(ctx context.Context, uploaded []*uploadedSubmission) error {
		for _, u := range uploaded {
			s, err := event.DecodeSubmission(u.message.Body)
			if err != nil {
				return err
			}
			checked.Understood = *u.understood
			checked.Submissions = append(checked.Submissions, s)
		}
		foreseen, err := b.foresee(ctx, uploaded)
		if errors.Is(err, stream.ErrNobodyAnswers) {
			return nil
		}
		checked.Foreseen = &foreseen
		return b.inquiryProblem(w, err)
	})
	return checked, refusal(err)
}

// pageWait is how long an upload of the page waits for its verdict before the reader is shown
// that it is under way.
const pageWait = time.Second

// Send makes the submissions of a file durable.
func (b browsers) Send(w http.ResponseWriter, r *http.Request, who token.Holder, content []byte, upload page.Upload) ([]page.Submission, error) {
	if err := b.checkAvailable(w); err != nil {
		return nil, refusal(err)
	}
	uploaded, err := b.storeUpload(w, asUpload(r, content, upload), who, viaPage, 0)
	if err != nil {
		return nil, refusal(err)
	}
	b.awaitVerdicts(r.Context(), uploaded, pageWait)
	b.stand(r.Context(), receiptsOf(uploaded)...)
	var sent []page.Submission
	for _, u := range uploaded {
		sent = append(sent, shown(&u.receipt))
	}
	return sent, nil
}

// asUpload puts a file of the page as POST /v1/submissions has it.
func asUpload(r *http.Request, content []byte, upload page.Upload) *http.Request {
	query := url.Values{}
	for name, value := range map[string]string{
		"area": upload.Area, "dataset": upload.Dataset, "period": upload.Period, "sheet": upload.Sheet, "file": upload.File, "reason": upload.Reason,
	} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if upload.Again {
		query.Set("again", "true")
	}
	u := r.Clone(r.Context())
	u.URL = &url.URL{Path: "/v1/submissions", RawQuery: query.Encode()}
	u.Header = http.Header{event.ViaHeader: {viaPage}}
	if upload.Charset != "" {
		u.Header.Set("Content-Type", "text/plain; charset="+upload.Charset)
	}
	u.Body, u.ContentLength = io.NopCloser(bytes.NewReader(content)), int64(len(content))
	return u
}

// Submission returns one submission with its rows.
func (b browsers) Submission(ctx context.Context, who token.Holder, id string) (page.Submission, error) {
	unknown := &page.Refusal{
		Status: http.StatusNotFound,
		ZH:     "没有该编号的报送记录，或该记录不属于此令牌的地区。", EN: "No submission has this id, or it is not of this token's area.",
	}
	parsed, err := event.ParseSubmissionID(id)
	if err != nil {
		return page.Submission{}, unknown
	}
	receipt, err := b.receiptSeenBy(ctx, who, parsed)
	switch {
	case errors.Is(err, errNoSubmission):
		return page.Submission{}, unknown
	case err != nil:
		return page.Submission{}, err
	}
	earlier, err := b.earlier(ctx, parsed, receipt.Sequence)
	if err != nil {
		return page.Submission{}, err
	}
	all := []*Receipt{&receipt}
	for i := range earlier {
		all = append(all, &earlier[i])
	}
	b.stand(ctx, all...)
	s := shown(&receipt)
	for i := range earlier {
		s.Earlier = append(s.Earlier, shown(&earlier[i]))
	}
	s.Holds = b.holdsOf(ctx, receipt.Verdict).Holds
	s.Content, err = b.content(ctx, parsed, receipt.Sequence)
	return s, err
}

// content returns a submission as the log has it; nil where that has it no more.
func (b browsers) content(ctx context.Context, id event.SubmissionID, sequence uint64) (*event.Submission, error) {
	_, err := b.receiptOfMessage(ctx, id, sequence)
	if errors.Is(err, errNoSubmission) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	m, err := b.log.Get(ctx, stream.Submissions, sequence)
	if err != nil {
		return nil, err
	}
	s, err := event.DecodeSubmission(m.Data)
	if err != nil {
		return nil, err
	}
	return &s, nil
}

// Recent returns the newest submissions of an area.
func (b browsers) Recent(ctx context.Context, area string, limit int) ([]page.Submission, error) {
	var recent []page.Submission
	known := map[uint64]bool{}
	for part := range slices.Chunk(b.index.listedBefore(area, math.MaxUint64, maxLooked), limit) {
		receipts, err := b.receiptsAt(ctx, part)
		if err != nil {
			return nil, err
		}
		for _, receipt := range receipts {
			if len(recent) == limit {
				return recent, nil
			}
			// What was sent again and changed nothing is told once.
			if receipt != nil && !known[receipt.Sequence] {
				known[receipt.Sequence] = true
				recent = append(recent, shown(receipt))
			}
		}
	}
	return recent, nil
}

// Judged waits until a submission has a verdict.
func (b browsers) Judged(ctx context.Context, id string) bool {
	parsed, err := event.ParseSubmissionID(id)
	if err != nil {
		return false
	}
	ctx, released := b.untilDraining(ctx)
	defer released()
	for {
		before, _ := b.index.lookup(parsed)
		if r, err := b.receipt(ctx, parsed); err != nil || r.Verdict != nil {
			return err == nil
		}
		if _, more := b.index.await(ctx, parsed, func(e logPosition) bool { return e.newestVerdict != before.newestVerdict }); !more {
			return false
		}
	}
}

// shown returns a receipt as the page shows it.
func shown(r *Receipt) page.Submission {
	return page.Submission{
		ID: r.ID, Area: r.Area, Dataset: r.Dataset, File: r.File, Rows: r.Rows, ReceivedAt: r.ReceivedAt,
		Status: r.Status, Repeated: r.Repeated, Verdict: r.Verdict, Counting: r.Counting(), Held: r.Held,
	}
}

// refusal puts a problem as the page tells it. Other errors stay as they are.
func refusal(err error) error {
	problem, ok := errors.AsType[*Problem](err)
	if !ok {
		return err
	}
	told := &page.Refusal{Status: problem.Status, ZH: problem.DetailZH, EN: problem.Detail}
	for _, e := range problem.Errors {
		if len(problem.Errors) > 1 && !strings.Contains(problem.Detail, e.Detail) {
			told.Details = append(told.Details, page.Sentence{ZH: e.DetailZH, EN: e.Detail})
		}
	}
	return told
}

// InForce tells which figures of an area are in force.
func (b browsers) InForce(w http.ResponseWriter, r *http.Request, wanted inquiry.Wanted) (inquiry.Figures, error) {
	return asked(b, w, r, func(ctx context.Context) (inquiry.Figures, error) { return inquiry.AskFigures(ctx, b.log, wanted) })
}

// History tells every vintage of an area's figure.
func (b browsers) History(w http.ResponseWriter, r *http.Request, cell inquiry.Cell) (inquiry.History, error) {
	return asked(b, w, r, func(ctx context.Context) (inquiry.History, error) { return inquiry.AskHistory(ctx, b.log, cell) })
}

// Totals tells the city's totals of a period.
func (b browsers) Totals(w http.ResponseWriter, r *http.Request, wanted inquiry.WantedTotals) (inquiry.Totals, error) {
	return asked(b, w, r, func(ctx context.Context) (inquiry.Totals, error) { return inquiry.AskTotals(ctx, b.log, wanted) })
}

// asked returns what the transform stage says.
func asked[T any](b browsers, w http.ResponseWriter, r *http.Request, ask func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(r.Context(), inquiryTimeout)
	defer cancel()
	told, err := ask(ctx)
	return told, refusal(b.inquiryProblem(w, err))
}

// Form answers with the form of a dataset.
func (b browsers) Form(w http.ResponseWriter, r *http.Request, who token.Holder, dataset string, query url.Values) error {
	r = r.Clone(r.Context())
	r.URL = &url.URL{Path: "/v1/templates/" + dataset, RawQuery: query.Encode()}
	r.SetPathValue("dataset", dataset)
	return refusal(b.getTemplate(w, r, who))
}

// NextChange returns a channel that is closed with the next verdict on anything.
func (b browsers) NextChange() <-chan struct{} { return b.index.nextVerdict() }
