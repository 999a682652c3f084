package ingest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

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
	if err := g.checkListFilters(query); err != nil {
		return err
	}
	page := Submissions{Submissions: []Receipt{}}
	looked := g.index.listedBefore(area.Code, before, maxLooked)
	for part := range slices.Chunk(looked, int(limit)) {
		receipts, err := g.receiptsAt(r.Context(), part)
		if err != nil {
			return g.unavailableProblem(w, err)
		}
		for i, l := range part {
			if uint64(len(page.Submissions)) == limit {
				break
			}
			before = l.sequence
			if receipt := receipts[i]; receipt != nil && receipt.passes(query) {
				receipt.shorten()
				g.setPlace(r.Context(), receipt)
				page.Submissions = append(page.Submissions, *receipt)
			}
		}
	}
	if len(looked) > 0 && before > looked[len(looked)-1].sequence || len(looked) == maxLooked {
		query.Set("before", strconv.FormatUint(before, 10))
		page.Next = r.URL.Path + "?" + query.Encode()
	}
	return writeTaggedJSON(w, r, page)
}

// checkListFilters reports a filter that nothing can pass.
func (g *Gateway) checkListFilters(query url.Values) error {
	if name := query.Get("dataset"); name != "" {
		if _, ok := g.catalogue().Dataset(name); !ok {
			return unprocessable(g.unknownDatasetProblem(name))
		}
	}
	known := []string{Received, string(event.AllAccepted), string(event.Partial), string(event.AllHeld), string(event.Rejected)}
	if status := query.Get("status"); status != "" && !slices.Contains(known, status) {
		words := strings.Join(known, ", ")
		return queryProblem("status", "请求参数 status 应为 "+words+" 之一", "query parameter status: want one of "+words)
	}
	return nil
}

// receiptsAt returns the receipts of messages, as they stand by now: nil for one that was not judged
// by itself and is not the newest message with its content.
func (g *Gateway) receiptsAt(ctx context.Context, all []listed) ([]*Receipt, error) {
	receipts, known := make([]*Receipt, len(all)), []*Receipt(nil)
	for i, l := range all {
		receipt, ok, err := g.receiptAt(ctx, l)
		if errors.Is(err, errNoSubmission) || err == nil && !ok {
			continue
		}
		if err != nil {
			return nil, err
		}
		receipts[i], known = &receipt, append(known, &receipt)
	}
	g.stand(ctx, known...)
	return receipts, nil
}

// passes reports whether the filters of a query let a receipt through.
func (r *Receipt) passes(query url.Values) bool {
	for name, value := range map[string]string{"dataset": r.Dataset, "status": r.Status} {
		if wanted := query.Get(name); wanted != "" && wanted != value {
			return false
		}
	}
	return true
}

// shorten takes findings and changes out of a receipt in a list; the receipt itself has them.
func (r *Receipt) shorten() {
	if v := r.Verdict; v != nil {
		v.FindingsOmitted, v.ChangesOmitted = v.FindingsOmitted+len(v.Findings), v.ChangesOmitted+len(v.Changes)
		v.Findings, v.Changes = []event.Finding{}, nil
	}
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
