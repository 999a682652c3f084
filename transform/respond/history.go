package respond

import (
	"context"
	"fmt"
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/judge"
	"github.com/citytally/citytally/transform/ledger"
)

// history reads every vintage of an area's figure from the messages of that area in ACCEPTED.
func (r *Responder) history(ctx context.Context, of inquiry.Cell) (inquiry.History, error) {
	indicator, known := r.ledger.Catalogue().Indicator(of.Indicator)
	period, err := catalogue.ParsePeriod(of.Period)
	if !known || err != nil || !event.IsToken(of.Area) {
		return inquiry.History{}, event.Permanentf("want an area, an indicator of the catalogue and a period, got %+v", of)
	}
	if err := r.catchUp(ctx); err != nil {
		return inquiry.History{}, err
	}
	wanted := ledger.Cell{Indicator: of.Indicator, Period: period}
	answer := inquiry.History{Basis: r.ledger.Basis(), Unit: indicator.UnitName, Vintages: []inquiry.Vintage{}}
	h := ledger.NewHistory(r.ledger.Catalogue(), ledger.Moment{Basis: answer.Basis}, func(_ *event.AcceptedSubmission, cell ledger.Cell) bool { return cell == wanted })
	following, caughtUp := context.WithCancel(ctx)
	defer caughtUp()
	err = r.log.Follow(following, stream.FollowConfig{Stream: stream.Accepted, Subjects: []string{"accepted." + of.Area + ".*", judge.DecisionSubject}}, func(d stream.Delivery) error {
		batch, err := event.DecodeAccepted(d.Body)
		if err != nil && !event.IsPermanent(err) {
			return fmt.Errorf("read message %d of ACCEPTED: %w", d.Sequence, err)
		}
		if err != nil {
			return nil
		}
		if d.Subject == judge.DecisionSubject {
			// Of the decisions, those about the area's held figures alone change its vintages.
			batch.Submissions = slices.DeleteFunc(batch.Submissions, func(s event.AcceptedSubmission) bool { return s.Area != of.Area })
			batch.Decisions = slices.DeleteFunc(batch.Decisions, func(d event.Decision) bool { return len(d.Rows) == 0 || d.Area != of.Area })
		}
		return h.Fold(d.Sequence, d.Subject, batch)
	}, caughtUp)
	if err != nil {
		return inquiry.History{}, err
	}
	if ctx.Err() != nil {
		return inquiry.History{}, context.Cause(ctx)
	}
	vintages := h.Vintages(wanted)
	for i, v := range vintages {
		if len(answer.Vintages) == inquiry.MaxVintages {
			answer.VintagesOmitted++
			continue
		}
		answer.Vintages = append(answer.Vintages, inquiry.Vintage{
			Said: figureOf(indicator, period, &v.Part).Said, Raw: v.Raw, Note: v.Note, Dataset: v.Dataset, Submission: v.Submission.String(),
			Sequence: v.Sequence, ReceivedAt: v.ReceivedAt.UTC(), ReleasedAt: v.ReleasedAt, File: v.File, Row: v.Row, Reason: v.Reason, By: v.By, OnBehalf: v.OnBehalf,
			Confirms: i+1 < len(vintages) && v.Epoch == vintages[i+1].Epoch && v.SameContent(vintages[i+1].Figure) && v.Status != catalogue.Withdrawn,
		})
	}
	return answer, nil
}
