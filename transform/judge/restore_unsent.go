package judge

import (
	"context"
	"maps"
	"math"
	"slices"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// restoreOfLost publishes the verdicts that VERDICTS lacks on submissions that were lost with a
// SUBMISSIONS that was created anew: as the copies have them where those agree with ACCEPTED, else as
// ACCEPTED tells.
func (r *verdictRestorer) restoreOfLost(ctx context.Context, restored *Restored) error {
	submissions, err := r.log.Extent(ctx, stream.Submissions)
	if err != nil || !submissions.Anew {
		return err
	}
	verdicts, err := r.log.Extent(ctx, stream.Verdicts)
	if err != nil {
		return err
	}
	if err := r.earlier.read(ctx, submissions.AcceptedAt); err != nil {
		return err
	}
	accepted, err := r.verdictsOfAccepted(ctx)
	if err != nil {
		return err
	}
	isLost := func(sequence uint64) bool {
		return (sequence < submissions.First || sequence > submissions.Last) && !r.letters[sequence] && !r.earlier.judged.contains(sequence)
	}
	publish := func(from, to uint64) error {
		verdictsOf := map[uint64]event.Verdict{}
		for sequence, verdict := range accepted {
			if sequence >= from && sequence <= to {
				verdictsOf[sequence] = verdict
			}
		}
		copies := map[uint64]*event.Verdict{}
		if r.copies != nil {
			if copies, err = r.copies.Verdicts(ctx, from, to); err != nil {
				return err
			}
		}
		byCopy := map[uint64]bool{}
		for sequence, copied := range copies {
			stored, isStored := verdictsOf[sequence]
			agrees := copied.Repeated || copied.Accepted+copied.Held == 0 || r.acceptedLost
			if isStored {
				// Held rows that an earlier submission holds are not stored again.
				agrees = stored.Submission == copied.Submission && stored.Accepted == copied.Accepted && stored.Held <= copied.Held
				copied.AcceptedSequence = stored.AcceptedSequence
			}
			if agrees {
				verdictsOf[sequence], byCopy[sequence] = *copied, true
			}
		}
		var all []event.Verdict
		for _, sequence := range slices.Sorted(maps.Keys(verdictsOf)) {
			verdict := verdictsOf[sequence]
			if !isLost(sequence) || verdicts.KeptFor > 0 && r.now().Sub(verdict.ReceivedAt) > verdicts.KeptFor {
				continue
			}
			if all = append(all, verdict); byCopy[sequence] {
				restored.Verdicts++
			} else {
				restored.Derived++
			}
		}
		return r.store(ctx, nil, all)
	}
	for from := uint64(1); from < submissions.First; from += restoreBatch {
		if err := publish(from, min(from+restoreBatch, submissions.First)-1); err != nil {
			return err
		}
	}
	return publish(submissions.Last+1, math.MaxInt64)
}

// verdictsOfAccepted returns, by sequence, verdicts on the submissions of which ACCEPTED has rows, as far
// as it tells them.
func (r *verdictRestorer) verdictsOfAccepted(ctx context.Context) (map[uint64]event.Verdict, error) {
	all := map[uint64]event.Verdict{}
	reading, atEnd := context.WithCancel(ctx)
	defer atEnd()
	err := r.log.Follow(reading, stream.FollowConfig{Stream: stream.Accepted}, func(d stream.Delivery) error {
		batch, err := event.DecodeAccepted(d.Body)
		if event.IsPermanent(err) {
			return nil // it is a letter
		}
		if err != nil {
			return err
		}
		for i := range batch.Submissions {
			s := &batch.Submissions[i]
			if s.Released {
				continue
			}
			result := judgement{accepted: make([]event.AcceptedObservation, s.Len()), heldRows: len(s.Held)}
			verdict := event.Verdict{
				Submission: s.ID, Area: s.Area, Dataset: s.Dataset, Sequence: s.Sequence, AcceptedSequence: d.Sequence, Batch: s.Sequence,
				ReceivedAt: s.Received(), DecidedAt: r.now().UTC(), Rows: s.Len() + len(s.Held), Via: s.Via, By: s.By, File: s.File,
				Catalogue: r.checks().catalogue.Version(), Rules: r.checks().rules.Version(), Findings: []event.Finding{},
			}
			for j := range s.Held {
				h := &s.Held[j]
				for n := range h.Findings {
					f := &h.Findings[n]
					result.findings = append(result.findings, event.Finding{
						Code: f.Code, Rule: f.Rule, Severity: event.Hold, Row: int(h.Row), Indicator: h.Indicator, Period: h.Period, MessageZH: f.MessageZH, MessageEN: f.MessageEN, Values: f.Values,
					})
				}
			}
			r.conclude(&verdict, &result)
			all[s.Sequence] = verdict
		}
		return nil
	}, atEnd)
	if err == nil {
		err = context.Cause(ctx)
	}
	return all, err
}
