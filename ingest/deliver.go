package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/citytally/citytally/ingest/decode"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/ingest/token"
)

// Delivery is a file that reached the gateway otherwise than by a request: from a folder or from
// a source that is fetched.
type Delivery struct {
	Content []byte
	// Area is whose file it is, which is on record as the sender. Dataset, Period and File
	// complete what the content does not say, and may be "".
	Area, Dataset, Period, File string
	// Way is how it came in, such as drop; it is on record with the submission.
	Way string
	// Since is what [Gateway.NextPlace] gave before the delivery began; 0 is nothing. What was
	// stored there or later with the same content is taken for this delivery, by somebody who did
	// not get to its end.
	Since uint64
}

// NextPlace returns the place in SUBMISSIONS that the next message gets.
func (g *Gateway) NextPlace(ctx context.Context) (uint64, error) {
	last, err := g.log.LastSequence(ctx, stream.Submissions)
	return last + 1, err
}

// Deliver makes the submissions of a file durable, all or none, within the bounds and by the
// rules of an upload. An error that is a [*Problem] with a status of 5xx, 408 or 429, or none,
// may pass; any other says what is wrong with the file.
func (g *Gateway) Deliver(ctx context.Context, d Delivery) (*Delivered, error) {
	w := &nobody{header: http.Header{}}
	if err := g.checkAvailable(w); err != nil {
		return nil, err
	}
	if int64(len(d.Content)) > g.config.MaxBody {
		return nil, g.tooLargeProblem(g.config.MaxBody)
	}
	query := url.Values{}
	for name, value := range map[string]string{"area": d.Area, "dataset": d.Dataset, "period": d.Period, "file": d.File} {
		if value != "" {
			query.Set(name, value)
		}
	}
	r := (&http.Request{
		Method: http.MethodPost, URL: &url.URL{Path: "/v1/submissions", RawQuery: query.Encode()}, Header: http.Header{},
		Body: newArrived(d.Content), ContentLength: int64(len(d.Content)),
	}).WithContext(ctx)
	who := token.Holder{Name: d.Area, Role: token.District, Area: d.Area}
	uploaded, err := g.storeUpload(w, r, who, d.Way, d.Since)
	if err != nil {
		return nil, err
	}
	for _, u := range uploaded {
		u.message.Body, u.file = nil, nil // it may wait long for its verdict
	}
	return &Delivered{gateway: g, uploaded: uploaded}, nil
}

// Passing reports whether an error of [Gateway.Deliver] may pass, so that the file can be
// delivered again later.
func Passing(err error) bool {
	problem, ok := errors.AsType[*Problem](err)
	return !ok || problem.Status >= 500 || problem.Status == http.StatusTooManyRequests || problem.Status == http.StatusRequestTimeout
}

// Delivered is a file whose submissions are durable.
type Delivered struct {
	gateway  *Gateway
	uploaded []*uploadedSubmission
}

// Judged waits at most for a time until every submission has its verdict, and reports whether
// each has.
func (d *Delivered) Judged(ctx context.Context, wait time.Duration) bool {
	d.gateway.awaitVerdicts(ctx, d.uploaded, wait)
	d.gateway.stand(ctx, receiptsOf(d.uploaded)...)
	return !slices.ContainsFunc(d.uploaded, func(u *uploadedSubmission) bool { return u.receipt.Verdict == nil })
}

// Receipts returns the receipts of the submissions, with the verdicts that have come.
func (d *Delivered) Receipts() []Receipt {
	var receipts []Receipt
	for _, u := range d.uploaded {
		r := u.receipt
		r.Understood = u.understood
		receipts = append(receipts, r)
	}
	return receipts
}

// Understood returns what the file was taken for.
func (d *Delivered) Understood() *decode.Understanding { return d.uploaded[0].understood }

// deliveredBefore looks from a place in SUBMISSIONS on for the submission, and takes that as
// stored.
func (g *Gateway) deliveredBefore(ctx context.Context, u *uploadedSubmission, since uint64) error {
	if _, known, err := g.newestOf(ctx, u.receipt.Area); err != nil || !known {
		return errors.Join(err, ctx.Err())
	}
	e, _ := g.index.lookup(u.id)
	if e.submissionSequence < since {
		return nil
	}
	receipt, err := g.receipt(ctx, u.id)
	if e.judgedSequence >= e.submissionSequence {
		receipt, err = g.receiptAfter(ctx, u.id, e)
	}
	if errors.Is(err, errNoSubmission) {
		return nil
	}
	if err != nil {
		return err
	}
	u.alreadyStored, u.receipt, u.earlierVerdict = true, receipt, e.newestVerdict
	return nil
}

// Workbook returns a submission that has a verdict as an Excel workbook with its findings in
// their cells. The error is a [*Problem] where the log has its content no more.
func (g *Gateway) Workbook(ctx context.Context, receipt *Receipt, english bool) ([]byte, error) {
	return g.markedWorkbook(ctx, &nobody{header: http.Header{}}, receipt, english, true)
}

// nobody is to whom an answer goes that nobody has asked for.
type nobody struct{ header http.Header }

func (n *nobody) Header() http.Header { return n.header }

func (n *nobody) Write([]byte) (int, error) { return 0, fmt.Errorf("answer: %w", io.ErrClosedPipe) }

func (n *nobody) WriteHeader(int) {}
