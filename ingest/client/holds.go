package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/citytally/citytally/ingest"
	"github.com/citytally/citytally/ingest/inquiry"
)

// Holds returns figures that are or were held, the latest first, as many as the wanted limit
// and the gateway allow; where there are more, Next of the answer is not "". The state "" is
// pending, and [ingest.AllHolds] is every one. A token of an area gets its own alone.
func (c *Client) Holds(ctx context.Context, wanted inquiry.WantedHolds) (page ingest.Holds, err error) {
	query := url.Values{}
	for key, value := range map[string]string{
		"area": wanted.Area, "state": wanted.State, "submission": wanted.Submission, "dataset": wanted.Dataset,
		"indicator": wanted.Indicator, "period": wanted.Period, "before": wanted.Before,
	} {
		if value != "" {
			query.Set(key, value)
		}
	}
	if wanted.Limit > 0 {
		query.Set("limit", strconv.Itoa(wanted.Limit))
	}
	return page, c.exchange(ctx, http.MethodGet, "/v1/holds?"+query.Encode(), nil, &page)
}

// Hold returns a figure that is or was held. One that is not, or is another area's, is a
// [*ingest.Problem] with status 404.
func (c *Client) Hold(ctx context.Context, id string) (hold inquiry.Hold, err error) {
	return hold, c.exchange(ctx, http.MethodGet, "/v1/holds/"+url.PathEscape(id), nil, &hold)
}

// Explain says why held figures of a submission are right, and returns them as they are
// afterwards. The same again changes nothing.
func (c *Client) Explain(ctx context.Context, submission string, said ingest.Explanation) (page ingest.Holds, err error) {
	return page, c.exchange(ctx, http.MethodPost, "/v1/submissions/"+url.PathEscape(submission)+"/explanations", said, &page)
}

// DecideHeld releases or refuses held figures of a submission, with a token of the bureau, and
// returns them as they are afterwards. The same again changes nothing.
func (c *Client) DecideHeld(ctx context.Context, submission string, decided ingest.HoldDecision) (page ingest.Holds, err error) {
	return page, c.exchange(ctx, http.MethodPost, "/v1/submissions/"+url.PathEscape(submission)+"/decisions", decided, &page)
}

// exchange sends JSON, where there is any, and reads the answer.
func (c *Client) exchange(ctx context.Context, method, path string, body, into any) error {
	header, content := http.Header{}, []byte(nil)
	if body != nil {
		var err error
		if content, err = json.Marshal(body); err != nil {
			return fmt.Errorf("%s %s: %w", method, path, err)
		}
		header.Set("Content-Type", "application/json")
	}
	told, err := c.send(ctx, method, path, header, content)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if err := json.Unmarshal(told, into); err != nil {
		return fmt.Errorf("read the answer to %s %s: %w", method, path, err)
	}
	return nil
}
