package ingest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/token"
)

// Submissions is a page of an area's submissions, the newest first.
type Submissions struct {
	Submissions []Receipt `json:"submissions"`
	// Next is the address of the next page, "" on the last one.
	Next string `json:"next,omitempty"`
}

const (
	pageSize    = 20
	maxPageSize = 100
	// maxLooked is how many submissions are looked at for one page, of which a filter may
	// leave few.
	maxLooked = 1000
)

// listed is a submission in the index's list of an area.
type listed struct {
	sequence uint64
	id       event.SubmissionID
}

// listedBefore returns submissions of an area with sequences below one, the newest first.
func (x *index) listedBefore(area string, before uint64, most int) []listed {
	x.mu.Lock()
	defer x.mu.Unlock()
	all := x.byArea[area]
	end, _ := slices.BinarySearchFunc(all, before, func(l listed, before uint64) int {
		if l.sequence < before {
			return -1
		}
		return 1
	})
	page := slices.Clone(all[max(0, end-most):end])
	slices.Reverse(page)
	return page
}

// list answers GET /v1/submissions.
func (g *Gateway) list(w http.ResponseWriter, r *http.Request, who token.Holder) error {
	if err := g.checkAvailable(w); err != nil {
		return err
	}
	query := r.URL.Query()
	area, err := g.areaOf(query, who)
	if err != nil {
		return err
	}
	before, err := numberOf(query, "before", 1<<62, 1<<62)
	if err != nil {
		return err
	}
	limit, err := numberOf(query, "limit", pageSize, maxPageSize)
	if err != nil {
		return err
	}
	page := Submissions{Submissions: []Receipt{}}
	looked := g.index.listedBefore(area.Code, before, maxLooked)
	for _, l := range looked {
		if uint64(len(page.Submissions)) == limit {
			break
		}
		before = l.sequence
		receipt, wanted, err := g.listedReceipt(r.Context(), l, query)
		if err != nil {
			return g.unavailableProblem(w, err)
		}
		if wanted {
			g.setPlace(r.Context(), &receipt)
			page.Submissions = append(page.Submissions, receipt)
		}
	}
	if len(looked) > 0 && before > looked[len(looked)-1].sequence || len(looked) == maxLooked {
		query.Set("before", strconv.FormatUint(before, 10))
		page.Next = r.URL.Path + "?" + query.Encode()
	}
	return writeTaggedJSON(w, r, page)
}

// listedReceipt returns the receipt of a submission in a list, and whether it has to be there:
// it was judged by itself or is the newest message with its content, and the filters let it
// through. The list has no
// findings and changes; the receipt itself has them.
func (g *Gateway) listedReceipt(ctx context.Context, l listed, query url.Values) (Receipt, bool, error) {
	receipt, ok, err := g.receiptAt(ctx, l)
	if errors.Is(err, errNoSubmission) || err == nil && !ok {
		return Receipt{}, false, nil
	}
	if err != nil {
		return Receipt{}, false, err
	}
	for name, value := range map[string]string{"dataset": receipt.Dataset, "status": receipt.Status} {
		if wanted := query.Get(name); wanted != "" && wanted != value {
			return Receipt{}, false, nil
		}
	}
	if v := receipt.Verdict; v != nil {
		v.FindingsOmitted, v.ChangesOmitted = v.FindingsOmitted+len(v.Findings), v.ChangesOmitted+len(v.Changes)
		v.Findings, v.Changes = []event.Finding{}, nil
	}
	return receipt, true, nil
}

// numberOf reads a query parameter that is a number from 1 to most.
func numberOf(query url.Values, name string, otherwise, most uint64) (uint64, error) {
	text := query.Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n < 1 || n > most {
		return 0, queryProblem(name, fmt.Sprintf("请求参数 %s 应为 1 至 %d 的整数，收到的是 %q", name, most, text), fmt.Sprintf("query parameter %s: want 1 to %d, got %q", name, most, text))
	}
	return n, nil
}
