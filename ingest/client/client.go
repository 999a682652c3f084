package client

import (
	"bytes"
	"cmp"
	"context"
	crand "crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/citytally/citytally/ingest"
	"github.com/citytally/citytally/ingest/event"
)

// Client submits to a gateway.
type Client struct {
	// BaseURL is where the gateway is, such as http://127.0.0.1:8470.
	BaseURL string
	// Token is the area's bearer token.
	Token string
	// HTTP makes the requests; nil is http.DefaultClient. Its transport has the authorities and
	// the certificate where TLS needs them.
	HTTP *http.Client
	// Via names the sender's kind in the log: cli, or "" for http.
	Via string
	// RetryFor bounds how long a gateway that is away or unavailable is tried again, and every
	// attempt to that and attemptTimeout more; 0 leaves both to the context.
	RetryFor time.Duration
}

// attemptTimeout is how long the gateway may take to read an upload and to answer, besides
// waiting for the verdict.
const attemptTimeout = 90 * time.Second

// Upload is one file to submit.
type Upload struct {
	Content io.Reader
	// ContentType is what is known of the content, or "". The gateway looks at the content.
	ContentType string
	// Area, Dataset, Period, File and Reason complete what the content does not say, and
	// Sheet names the sheet of a workbook; each may be "".
	Area, Dataset, Period, Sheet, File, Reason string
	// Again says that the content is meant anew where it was superseded since.
	Again bool
	// Key is the sender's own name for the upload: with the same key and content it is the
	// same submission for ever. Submit makes one where Again is set and there is none, so
	// that trying again does not make another version.
	Key string
	// Wait is how long to wait for the verdict, cut to whole seconds; below 1 s there is no
	// wait.
	Wait time.Duration
}

// Submit sends the upload and returns a receipt for each submission in it. While the
// gateway is away or says that it is unavailable, Submit tries again until ctx ends or
// RetryFor is over; then it returns an [*UnavailableError]. Sending the same content again
// is harmless, because the gateway recognises it. Any other refusal is a [*ingest.Problem].
func (c *Client) Submit(ctx context.Context, u Upload) ([]ingest.Receipt, error) {
	if u.Again {
		u.Key = cmp.Or(u.Key, crand.Text())
	}
	var receipts struct {
		ingest.Receipts
		ingest.Receipt
	}
	if err := c.upload(ctx, u, url.Values{}, &receipts); err != nil {
		return nil, err
	}
	if receipts.Submissions != nil {
		return receipts.Submissions, nil
	}
	return []ingest.Receipt{receipts.Receipt}, nil
}

// DryRun sends the upload like Submit, and returns what would become of it. Nothing is
// stored.
func (c *Client) DryRun(ctx context.Context, u Upload) (*ingest.DryRun, error) {
	answer := &ingest.DryRun{}
	return answer, c.upload(ctx, u, url.Values{"dry_run": {"true"}}, answer)
}

// upload sends an upload with a query that its fields complete, and reads the answer.
func (c *Client) upload(ctx context.Context, u Upload, query url.Values, into any) error {
	content, err := io.ReadAll(u.Content)
	if err != nil {
		return fmt.Errorf("read upload: %w", err)
	}
	for key, value := range map[string]string{"area": u.Area, "dataset": u.Dataset, "period": u.Period, "sheet": u.Sheet, "file": u.File, "reason": u.Reason} {
		if value != "" {
			query.Set(key, value)
		}
	}
	header := http.Header{"Content-Type": {cmp.Or(u.ContentType, "application/octet-stream")}}
	if u.Again {
		query.Set("again", "true")
	}
	if u.Key != "" {
		header.Set("Idempotency-Key", u.Key)
	}
	if c.Via != "" {
		header.Set(event.ViaHeader, c.Via)
	}
	if seconds := u.Wait / time.Second; seconds > 0 {
		header.Set("Prefer", "wait="+strconv.FormatInt(int64(seconds), 10))
	}
	answer, err := c.send(ctx, http.MethodPost, "/v1/submissions?"+query.Encode(), header, content)
	if err != nil {
		return fmt.Errorf("submit %s: %w", cmp.Or(u.File, "upload"), err)
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("read receipt: %w", err)
	}
	return nil
}

// Receipt returns the receipt of a submission, with its verdict once there is
// one. An id that the gateway does not know is a [*ingest.Problem] with status 404. Place is what
// an earlier receipt had there, or "": where the log does not have the submission there any more,
// the problem has status 410 and says why.
func (c *Client) Receipt(ctx context.Context, id, place string) (ingest.Receipt, error) {
	path := "/v1/submissions/" + url.PathEscape(id)
	if place != "" {
		path += "?place=" + url.QueryEscape(place)
	}
	answer, err := c.send(ctx, http.MethodGet, path, http.Header{}, nil)
	if err != nil {
		return ingest.Receipt{}, fmt.Errorf("get receipt %s: %w", id, err)
	}
	var receipt ingest.Receipt
	if err := json.Unmarshal(answer, &receipt); err != nil {
		return ingest.Receipt{}, fmt.Errorf("read receipt: %w", err)
	}
	return receipt, nil
}

// IndicatorNames returns the names of the indicators in the gateway's catalogue, in Chinese or else
// in English, by id.
func (c *Client) IndicatorNames(ctx context.Context, chinese bool) (map[string]string, error) {
	answer, err := c.send(ctx, http.MethodGet, "/v1/catalogue", http.Header{}, nil)
	if err != nil {
		return nil, fmt.Errorf("get catalogue: %w", err)
	}
	var told struct {
		Indicators []struct {
			ID     string `json:"id"`
			NameZH string `json:"name_zh"`
			NameEN string `json:"name_en"`
		} `json:"indicators"`
	}
	if err := json.Unmarshal(answer, &told); err != nil {
		return nil, fmt.Errorf("read catalogue: %w", err)
	}
	names := map[string]string{}
	for _, i := range told.Indicators {
		if names[i.ID] = i.NameEN; chinese {
			names[i.ID] = i.NameZH
		}
	}
	return names, nil
}

// Original returns the file that a submission came in, byte for byte.
func (c *Client) Original(ctx context.Context, id string) ([]byte, error) {
	content, err := c.send(ctx, http.MethodGet, "/v1/submissions/"+url.PathEscape(id)+"/original", http.Header{}, nil)
	if err != nil {
		return nil, fmt.Errorf("get the original of %s: %w", id, err)
	}
	return content, nil
}

// Template returns a form of a dataset for an area and a period; "" leaves either to the
// gateway. The format is xlsx or csv, the language zh or en.
func (c *Client) Template(ctx context.Context, dataset, area, period, format, language string) ([]byte, error) {
	query := url.Values{}
	for key, value := range map[string]string{"area": area, "period": period, "format": format, "lang": language} {
		if value != "" {
			query.Set(key, value)
		}
	}
	form, err := c.send(ctx, http.MethodGet, "/v1/templates/"+url.PathEscape(dataset)+"?"+query.Encode(), http.Header{}, nil)
	if err != nil {
		return nil, fmt.Errorf("get the form of %s: %w", dataset, err)
	}
	return form, nil
}

const (
	clientRetryFrom = 100 * time.Millisecond
	clientRetryTo   = 5 * time.Second
)

// send repeats a request, with growing pauses, until it is answered or refused, or ctx
// ends. Pauses have a random part, so that many clients that were turned away at the same
// time do not come back at the same time.
func (c *Client) send(ctx context.Context, method, path string, header http.Header, content []byte) ([]byte, error) {
	header.Set("Authorization", "Bearer "+c.Token)
	pauses := &politePauses{ExponentialBackOff: backoff.NewExponentialBackOff()}
	pauses.InitialInterval, pauses.MaxInterval = clientRetryFrom, clientRetryTo
	var last error
	answer, err := backoff.Retry(ctx, func() (answer []byte, err error) {
		answer, pauses.retryAfter, err = c.attempt(ctx, method, path, header, content)
		if err != nil && !isPassing(err) {
			return nil, backoff.Permanent(err)
		}
		last = err
		return answer, err
	}, backoff.WithBackOff(pauses), backoff.WithMaxElapsedTime(c.RetryFor))
	switch {
	case err != nil && ctx.Err() != nil && last != nil:
		return nil, errors.Join(context.Cause(ctx), last)
	case err != nil && isPassing(err):
		return nil, &UnavailableError{BaseURL: c.BaseURL, Err: err}
	}
	return answer, err
}

// UnavailableError says that the gateway took nothing, or did not say that it had, for as long
// as it was tried.
type UnavailableError struct {
	BaseURL string
	Err     error // of the last attempt; a [*ingest.Problem] where the gateway has answered
}

// Error says what the last attempt met with.
func (e *UnavailableError) Error() string {
	return fmt.Sprintf("the gateway at %s takes nothing at present: %v", e.BaseURL, e.Err)
}

// Unwrap returns the error of the last attempt.
func (e *UnavailableError) Unwrap() error { return e.Err }

// politePauses are pauses of at least what the last answer's Retry-After asks for, up to
// the longest pause.
type politePauses struct {
	*backoff.ExponentialBackOff
	retryAfter time.Duration
}

// NextBackOff returns the next pause.
func (p *politePauses) NextBackOff() time.Duration {
	return max(p.ExponentialBackOff.NextBackOff(), min(p.retryAfter, clientRetryTo))
}

// attempt sends the request once. It returns the body of the answer, or the answer's
// Retry-After and an error.
func (c *Client) attempt(ctx context.Context, method, path string, header http.Header, content []byte) (body []byte, retryAfter time.Duration, err error) {
	if c.RetryFor > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.RetryFor+attemptTimeout)
		defer cancel()
	}
	request, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.BaseURL, "/")+path, bytes.NewReader(content))
	if err != nil {
		return nil, 0, err
	}
	request.Header = header.Clone()
	response, err := cmp.Or(c.HTTP, http.DefaultClient).Do(request)
	if err != nil {
		return nil, 0, err
	}
	body, err = io.ReadAll(response.Body)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return nil, 0, err
	}
	if response.StatusCode/100 == 2 {
		return body, 0, nil
	}
	if seconds, err := strconv.ParseUint(response.Header.Get("Retry-After"), 10, 16); err == nil {
		retryAfter = time.Duration(seconds) * time.Second
	}
	problem := &ingest.Problem{}
	if json.Unmarshal(body, problem) != nil || problem.Status == 0 {
		// A proxy between the client and the gateway has answered.
		problem = ingest.ForeignProblem(response.StatusCode, string(body))
	}
	return nil, retryAfter, problem
}

// isPassing reports whether an error may be gone at the next attempt: the gateway is away,
// busy, or says that it is unavailable.
func isPassing(err error) bool {
	if problem, ok := errors.AsType[*ingest.Problem](err); ok {
		return problem.Status == http.StatusServiceUnavailable || problem.Status == http.StatusBadGateway ||
			problem.Status == http.StatusGatewayTimeout || problem.Status == http.StatusTooManyRequests
	}
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) ||
		errors.Is(err, syscall.EPIPE) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
