package reconcile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// Ends says up to where a projection shows the log.
type Ends struct {
	// Newest is the sequence of the newest message, by stream, of which the projection has
	// rows; Acknowledged is up to where it has confirmed that it needs no message again.
	// Newest is read after Acknowledged.
	Newest, Acknowledged map[string]uint64
	// Partial are the streams of which a table is missing, so that they may have been shown further.
	Partial []string
	// Releases are the names of the releases that are shown.
	Releases []string
	// Submission is the newest submission that is shown, with its sequence in SUBMISSIONS
	// and its time of receipt in milliseconds; Sequence 0 is none.
	Submission struct {
		Sequence      uint64
		ID            string
		Area, Dataset string
		ReceivedAt    time.Time
	}
}

// Held returns why nothing must be taken in while divergences stand, or nil.
func Held(found []Divergence) *stream.HeldError {
	held := &stream.HeldError{}
	var errs []error
	for i := range found {
		d := &found[i]
		if !d.StopsIntake() {
			continue
		}
		errs = append(errs, d.Reason())
		if !slices.Contains(held.Streams, d.Stream) {
			held.Streams = append(held.Streams, d.Stream)
		}
	}
	if len(errs) == 0 {
		return nil
	}
	held.Why = errors.Join(errs...)
	return held
}

// Check compares the log with itself and with the projection, after it has read what is kept whole of
// it for messages that cannot be read.
func Check(ctx context.Context, log *stream.Log, projection Projection) ([]Divergence, error) {
	if err := Scan(ctx, log, KeptWhole()...); err != nil {
		return nil, err
	}
	found, err := CheckLog(ctx, log)
	if err != nil {
		return nil, err
	}
	shown, err := CheckProjection(ctx, log, projection)
	return append(found, shown...), err
}

// CheckLog compares the streams of the log with each other.
func CheckLog(ctx context.Context, log *stream.Log) ([]Divergence, error) {
	var found []Divergence
	gone, acceptedEnd := map[string]bool{}, map[string]uint64{}
	for _, name := range stream.All() {
		extent, err := log.Extent(ctx, name)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			found, gone[name] = append(found, Divergence{Kind: Gone, Stream: name}), true
			continue
		}
		if err != nil {
			return nil, err
		}
		acceptedEnd[name] = extent.AcceptedEnd
		switch {
		case (name == stream.Accepted || name == stream.Releases && !extent.Anew) && extent.Missing > 0:
			found = append(found, Divergence{Kind: HeadLost, Stream: name, Last: extent.Last, Known: extent.Missing})
		case name != stream.Accepted && name != stream.Totals && extent.Anew:
			found = append(found, Divergence{Kind: Anew, Stream: name, Known: extent.First - 1})
		}
		if over := log.WrittenOver(extent.Accepted); name == stream.Submissions && len(over) > 0 {
			lost := slices.Sorted(maps.Keys(over))
			detail := make([]string, min(len(lost), describedRanges))
			for i := range detail {
				detail[i] = fmt.Sprintf("%s at %d", over[lost[i]], lost[i])
			}
			found = append(found, Divergence{Kind: WrittenOver, Stream: name, Last: extent.Last, Holder: stream.Verdicts, Known: uint64(len(lost)), Detail: strings.Join(detail, ", ")})
		}
		if !slices.Contains(KeptWhole(), name) {
			continue
		}
		holes, err := log.Holes(ctx, name)
		if err != nil {
			return nil, err
		}
		if len(holes.Unreadable) > 0 {
			found = append(found, unreadable(name, extent.Last, holes.Unreadable))
		}
	}
	isAnew := func(name string) func(Divergence) bool {
		return func(d Divergence) bool { return d.Stream == name && d.Kind == Anew }
	}
	if i := slices.IndexFunc(found, isAnew(stream.Submissions)); i >= 0 {
		found[i].WithVerdicts = slices.ContainsFunc(found, isAnew(stream.Verdicts))
	}
	for name, look := range map[string]func(context.Context) (uint64, error){stream.Direct: log.LostDirect, stream.Originals: log.LostOriginal} {
		if gone[name] || gone[stream.Submissions] {
			continue
		}
		known, err := look(ctx)
		if err != nil {
			return nil, err
		}
		if known > 0 {
			found = append(found, Divergence{Kind: TailLost, Stream: name, Holder: stream.Submissions, Known: known})
		}
	}
	for _, r := range stream.References() {
		if gone[r.From] || gone[r.To] {
			continue
		}
		known, err := log.Refers(ctx, r)
		if err != nil {
			return nil, err
		}
		lost, end, err := log.Lost(ctx, r.To, known)
		if err != nil {
			return nil, err
		}
		if lost && known > acceptedEnd[r.To] {
			found = append(found, Divergence{Kind: TailLost, Stream: r.To, Last: end, Holder: r.From, Known: known})
		}
	}
	return found, nil
}

// describedRanges is how many ranges of lost messages a divergence names.
const describedRanges = 20

func unreadable(name string, last uint64, ranges []stream.Range) Divergence {
	detail := stream.FormatRanges(ranges[:min(len(ranges), describedRanges)])
	if len(ranges) > describedRanges {
		detail += " …"
	}
	return Divergence{Kind: Unreadable, Stream: name, Last: last, Known: stream.Count(ranges), Detail: detail}
}

// checkHoles returns the streams that lack messages of which the projection has rows.
func checkHoles(ctx context.Context, log *stream.Log, projection Projection) ([]Divergence, error) {
	var found []Divergence
	for _, name := range []string{stream.Accepted, stream.Verdicts, stream.Releases} {
		holes, err := log.Holes(ctx, name)
		if err != nil {
			return nil, err
		}
		extent, err := log.Extent(ctx, name)
		if err != nil {
			return nil, err
		}
		// A lost end is told as that.
		empty := slices.DeleteFunc(holes.Empty, func(r stream.Range) bool { return r.To == extent.Last })
		if len(empty) == 0 {
			continue
		}
		shown, err := projection.ShownOf(ctx, name, empty)
		if err != nil {
			return nil, err
		}
		if len(shown) > 0 {
			found = append(found, unreadable(name, extent.Last, shown))
		}
	}
	return found, nil
}

// CheckProjection compares the log with the projection.
func CheckProjection(ctx context.Context, log *stream.Log, projection Projection) ([]Divergence, error) {
	ends, err := projection.Ends(ctx)
	if err != nil {
		return nil, err
	}
	var found []Divergence
	for name, newest := range ends.Newest {
		lost, end, err := log.Lost(ctx, name, newest)
		if err != nil {
			return nil, err
		}
		if lost && name == stream.Verdicts {
			verdicts, err := compareVerdicts(ctx, log, ends, end, newest)
			if err != nil {
				return nil, err
			}
			if verdicts != nil {
				found = append(found, *verdicts)
				continue
			}
		}
		if lost && name == stream.Releases {
			// What was brought back is at other places.
			lost, err = lacksReleases(ctx, log, ends.Releases)
			if err != nil {
				return nil, err
			}
		}
		if lost {
			found = append(found, Divergence{Kind: TailLost, Stream: name, Last: end, Holder: ClickHouse, Known: newest})
			continue
		}
		if slices.Contains(ends.Partial, name) {
			continue
		}
		behind, err := confirmedMissing(ctx, log, name, newest, ends.Acknowledged[name])
		if err != nil {
			return nil, err
		}
		if behind > 0 {
			found = append(found, Divergence{Kind: Behind, Stream: name, Last: newest, Holder: ClickHouse, Known: behind})
		}
	}
	slices.SortFunc(found, func(a, b Divergence) int { return strings.Compare(a.Stream, b.Stream) })
	if slices.ContainsFunc(found, func(d Divergence) bool { return d.StopsSink() }) {
		// Totals were made of what is lost, and are part of the richer side.
		found = slices.DeleteFunc(found, func(d Divergence) bool { return d.Kind == TailLost && d.Stream == stream.Totals })
	}
	replaced, err := checkSubmission(ctx, log, ends)
	if err != nil {
		return nil, err
	}
	holes, err := checkHoles(ctx, log, projection)
	if err != nil {
		return nil, err
	}
	shows := slices.ContainsFunc(slices.Collect(maps.Values(ends.Newest)), func(newest uint64) bool { return newest > 0 })
	forgotten, err := checkRemembered(ctx, log, projection, shows)
	return slices.Concat(found, replaced, holes, forgotten), err
}

// lacksReleases reports whether RELEASES lacks one of the names.
func lacksReleases(ctx context.Context, log *stream.Log, names []string) (bool, error) {
	for _, name := range names {
		if _, err := log.Release(ctx, name); errors.Is(err, stream.ErrNoRelease) {
			return true, nil
		} else if err != nil && !event.IsPermanent(err) {
			return false, err
		}
	}
	return false, nil
}

// compareVerdicts says more of a VERDICTS that ends before what the projection shows, where
// SUBMISSIONS still has the newest submission that is shown; nil where it does not.
func compareVerdicts(ctx context.Context, log *stream.Log, ends *Ends, end, newest uint64) (*Divergence, error) {
	shown := ends.Submission
	message, err := log.Get(ctx, stream.Submissions, shown.Sequence)
	if errors.Is(err, jetstream.ErrMsgNotFound) || err == nil && !message.Time.Truncate(time.Millisecond).Equal(shown.ReceivedAt) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	d := &Divergence{Kind: VerdictsLost, Stream: stream.Verdicts, Last: end, Holder: ClickHouse, Known: shown.Sequence}
	last, err := log.GetLast(ctx, stream.Verdicts, "verdicts."+shown.Area+"."+shown.Dataset)
	if err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, err
	}
	var verdict event.Verdict
	if err == nil && json.Unmarshal(last.Data, &verdict) == nil && verdict.Sequence >= shown.Sequence {
		d.Kind, d.Known = VerdictsMoved, newest
	}
	return d, nil
}

// confirmedMissing returns the sequence of the stream's newest message with rows when the
// projection has confirmed it and lacks it, or 0. A message with a letter in DEAD has none.
func confirmedMissing(ctx context.Context, log *stream.Log, name string, newest, acknowledged uint64) (uint64, error) {
	if newest >= acknowledged {
		return 0, nil
	}
	message, err := log.GetLast(ctx, name, stream.RowsSubject(name))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return 0, nil
	}
	if err != nil || message.Sequence <= newest || message.Sequence > acknowledged {
		return 0, err
	}
	letters, err := log.Letters(ctx)
	if err != nil {
		return 0, err
	}
	if slices.ContainsFunc(letters, func(l stream.Letter) bool { return l.Stream == name && l.Sequence == message.Sequence }) {
		return 0, nil
	}
	return message.Sequence, nil
}

// checkSubmission compares the newest submission that the projection shows with the message
// in the log, if that has not expired.
func checkSubmission(ctx context.Context, log *stream.Log, ends *Ends) ([]Divergence, error) {
	shown := ends.Submission
	if shown.Sequence == 0 {
		return nil, nil
	}
	message, err := log.Get(ctx, stream.Submissions, shown.Sequence)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, nil
	}
	if err != nil || message.Time.Truncate(time.Millisecond).Equal(shown.ReceivedAt) || message.Header.Get(event.LostHeader) != "" {
		return nil, err
	}
	return []Divergence{{
		Kind: Replaced, Stream: stream.Submissions, Last: message.Sequence, Holder: ClickHouse, Known: shown.Sequence,
		Detail: fmt.Sprintf("was received at %s, and ClickHouse shows submission %s there, received at %s",
			message.Time.UTC().Format(time.RFC3339), shown.ID, shown.ReceivedAt.UTC().Format(time.RFC3339)),
	}}, nil
}
