package ingest

import (
	"context"
	"net/http"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/ingest/page"
	"github.com/citytally/citytally/ingest/token"
)

// Holds returns held figures that the holder may see.
func (b browsers) Holds(w http.ResponseWriter, r *http.Request, who token.Holder, wanted inquiry.WantedHolds) (inquiry.Holds, error) {
	if own := ownAreaOf(who); own != "" {
		wanted.Area = own
	}
	return asked(b, w, r, func(ctx context.Context) (inquiry.Holds, error) { return inquiry.AskHolds(ctx, b.log, wanted) })
}

// Decide has on record what the holder says or decides about held figures. Those who look at
// totals are told that they move.
func (b browsers) Decide(w http.ResponseWriter, r *http.Request, who token.Holder, act inquiry.HoldAct) (inquiry.Holds, error) {
	told, err := b.decide(w, r, who, act)
	return told, refusal(err)
}

// Owed tells what an area owes about now.
func (b browsers) Owed(w http.ResponseWriter, r *http.Request, area string) ([]page.Obligation, error) {
	if b.loadCalendar == nil {
		return nil, nil
	}
	of, known := b.catalogue().Area(area)
	if !known {
		return nil, nil
	}
	now := time.Now()
	told, err := asked(b, w, r, func(ctx context.Context) (*Owed, error) {
		return b.stillOwed(ctx, of, now.AddDate(0, 0, -daysBack), now.AddDate(0, 0, daysAhead), now)
	})
	if err != nil {
		return nil, err
	}
	owed := make([]page.Obligation, len(told.Obligations))
	for i, o := range told.Obligations {
		owed[i] = page.Obligation(o)
	}
	return owed, nil
}

// Owes reports whether an area has to report a period of a dataset.
func (b browsers) Owes(area, dataset string, p catalogue.Period) bool {
	return b.owes(area, dataset, p)
}

// Marked answers with a submission as a workbook that has the findings on its cells.
func (b browsers) Marked(w http.ResponseWriter, r *http.Request, who token.Holder, id string, english bool) error {
	r = r.Clone(r.Context())
	r.SetPathValue("id", id)
	receipt, err := b.receiptFor(w, r, who)
	if err != nil {
		return refusal(err)
	}
	return refusal(b.writeMarked(w, r, who, &receipt, english))
}

// Original answers with the file that a submission came in.
func (b browsers) Original(w http.ResponseWriter, r *http.Request, who token.Holder, id string) error {
	r = r.Clone(r.Context())
	r.SetPathValue("id", id)
	return refusal(b.getOriginal(w, r, who))
}
