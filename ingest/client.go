package ingest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/citytally/citytally/ingest/event"
)

// Client submits to a gateway.
type Client struct {
	// BaseURL is where the gateway is, such as http://127.0.0.1:8470.
	BaseURL string
	// Token is the area's bearer token.
	Token string
	// HTTP makes the requests; nil is http.DefaultClient.
	HTTP *http.Client
	// Via names the sender's kind in the log: cli, or "" for http.
	Via string
}

// Upload is one file to submit.
type Upload struct {
	Content io.Reader
	// ContentType is application/json or text/csv.
	ContentType string
	// Area, Dataset, File and Reason are what the file does not say itself; all
	// may be "".
	Area, Dataset, File, Reason string
	// Wait is how long to wait for the verdict, in whole seconds; 0 is not at all.
	Wait time.Duration
}

// Submit sends the upload and returns a receipt for each submission in it. While
// the gateway is away or says that it is unavailable, it tries again until ctx
// ends, which is harmless, since content is known again. Any other refusal is a
// [*Problem].
func (c *Client) Submit(ctx context.Context, u Upload) ([]Receipt, error) {
	content, err := io.ReadAll(u.Content)
	if err != nil {
		return nil, fmt.Errorf("read upload: %w", err)
	}
	query := url.Values{}
	for key, value := range map[string]string{"area": u.Area, "dataset": u.Dataset, "file": u.File, "reason": u.Reason} {
		if value != "" {
			query.Set(key, value)
		}
	}
	header := http.Header{"Content-Type": {u.ContentType}}
	if c.Via != "" {
		header.Set(event.ViaHeader, c.Via)
	}
	if seconds := u.Wait / time.Second; seconds > 0 {
		header.Set("Prefer", "wait="+strconv.FormatInt(int64(seconds), 10))
	}
	answer, err := c.send(ctx, http.MethodPost, "/v1/submissions?"+query.Encode(), header, content)
	if err != nil {
		return nil, fmt.Errorf("submit %s: %w", cmp.Or(u.File, "upload"), err)
	}
	var receipts struct {
		Receipts
		Receipt
	}
	if err := json.Unmarshal(answer, &receipts); err != nil {
		return nil, fmt.Errorf("read receipt: %w", err)
	}
	if receipts.Submissions != nil {
		return receipts.Submissions, nil
	}
	return []Receipt{receipts.Receipt}, nil
}

// Receipt returns the receipt of a submission, with its verdict once there is
// one. An id that the gateway does not know is a [*Problem] with status 404.
func (c *Client) Receipt(ctx context.Context, id string) (Receipt, error) {
	answer, err := c.send(ctx, http.MethodGet, "/v1/submissions/"+url.PathEscape(id), http.Header{}, nil)
	if err != nil {
		return Receipt{}, fmt.Errorf("get receipt %s: %w", id, err)
	}
	var receipt Receipt
	if err := json.Unmarshal(answer, &receipt); err != nil {
		return Receipt{}, fmt.Errorf("read receipt: %w", err)
	}
	return receipt, nil
}

const (
	clientRetryFrom = 100 * time.Millisecond
	clientRetryTo   = 5 * time.Second
)

// send tries a request until it is answered, refused, or ctx ends.
func (c *Client) send(ctx context.Context, method, path string, header http.Header, content []byte) ([]byte, error) {
	header.Set("Authorization", "Bearer "+c.Token)
	for pause := clientRetryFrom; ; pause = min(2*pause, clientRetryTo) {
		answer, after, err := c.try(ctx, method, path, header, content)
		if err == nil || !passing(err) {
			return answer, err
		}
		// Many clients that were turned away together come back one by one.
		wait := max(pause/2+rand.N(pause/2+1), min(after, clientRetryTo))
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, errors.Join(context.Cause(ctx), err)
		}
	}
}

// try makes one attempt. It returns the body of an answer, or how long the
// gateway asks to be left alone.
func (c *Client) try(ctx context.Context, method, path string, header http.Header, content []byte) (body []byte, after time.Duration, err error) {
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
		after = time.Duration(seconds) * time.Second
	}
	problem := &Problem{}
	if json.Unmarshal(body, problem) != nil || problem.Status == 0 {
		// Something between us and the gateway answered.
		problem = newProblem(response.StatusCode, codeInternal, "", event.Excerpt(string(body), maxSeen))
	}
	return nil, after, problem
}

// passing reports whether an error goes away by itself.
func passing(err error) bool {
	if problem, ok := errors.AsType[*Problem](err); ok {
		return problem.Status == http.StatusServiceUnavailable || problem.Status == http.StatusBadGateway ||
			problem.Status == http.StatusGatewayTimeout || problem.Status == http.StatusTooManyRequests
	}
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) ||
		errors.Is(err, syscall.EPIPE) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
