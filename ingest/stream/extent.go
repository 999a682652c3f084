package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest/event"
)

// Extent is where a stream ends and what it lacks before that.
type Extent struct {
	// Last is the sequence of the newest message, also where that has expired, and First that
	// of the oldest one that the stream holds, Last+1 where it holds none.
	First, Last uint64
	// Messages counts those that the stream holds.
	Messages uint64
	// Missing counts the messages before the first one that the stream holds, of which nobody
	// has accepted the loss (see [Log.AcceptLoss]). Sequences between messages are among [Holes].
	Missing uint64
	// AcceptedEnd is up to where somebody has accepted that messages are lost of which other streams
	// tell.
	AcceptedEnd uint64
	// Accepted is where the stream ended when somebody last accepted a loss; 0 is never. AcceptedAt is
	// when that was.
	Accepted   uint64
	AcceptedAt time.Time
	// Anew says that the stream was lost and created anew, and that nobody has accepted the loss.
	Anew bool
	// Created is when the stream was created; one that is created anew has another time.
	Created time.Time
	// KeptFor is how long messages are kept; 0 is for ever.
	KeptFor time.Duration
}

// Lost reports whether a stream has lost the message at a sequence that it once held: one behind
// its end, or one that it lacks between its first message and its end. The broker may remember an
// end that a torn file no longer has. End is then the sequence of the newest message before it.
func (l *Log) Lost(ctx context.Context, stream string, sequence uint64) (lost bool, end uint64, err error) {
	if sequence == 0 {
		return false, 0, nil
	}
	s, err := l.js.Stream(ctx, stream)
	if err != nil {
		return false, 0, fmt.Errorf("look at stream %s: %w", stream, err)
	}
	switch state := &s.CachedInfo().State; {
	case sequence <= state.LastSeq && (state.NumDeleted == 0 || sequence < state.FirstSeq):
		return false, 0, nil
	case state.NumDeleted == 0:
		return true, state.LastSeq, nil
	}
	// The leader answers; a replica that is asked for the message may be behind.
	info, err := s.Info(ctx, jetstream.WithDeletedDetails(true))
	if err != nil {
		return false, 0, fmt.Errorf("look at stream %s: %w", stream, err)
	}
	deleted := info.State.Deleted
	if end = info.State.LastSeq; sequence <= end {
		if _, lost = slices.BinarySearch(deleted, sequence); !lost {
			return false, 0, nil
		}
		end = sequence
	}
	for at, found := slices.BinarySearch(deleted, end); found && at >= 0 && end > 0 && deleted[at] == end; at-- {
		end--
	}
	return true, end, nil
}

// Keys in a stream's metadata: how many messages before the first one, at which sequences between
// messages, and up to which sequence that others tell of behind the last one, somebody has accepted as
// lost; where the stream ended then, and when that was; and behind which sequence the stream was created
// anew after it had been lost, until that is accepted.
const (
	acceptedLossKey  = "citytally-accepted-loss"
	acceptedHolesKey = "citytally-accepted-holes"
	acceptedEndKey   = "citytally-accepted-end"
	acceptedKey      = "citytally-accepted-at"
	acceptedTimeKey  = "citytally-accepted-time"
	createdAnewKey   = "citytally-created-anew"
)

// Extent returns the extent of a stream.
func (l *Log) Extent(ctx context.Context, stream string) (Extent, error) {
	s, err := l.js.Stream(ctx, stream)
	if err != nil {
		return Extent{}, fmt.Errorf("look at stream %s: %w", stream, err)
	}
	info := s.CachedInfo()
	e := Extent{First: missing(&info.State) + 1, Last: info.State.LastSeq, Messages: info.State.Msgs, Missing: missing(&info.State), Created: info.Created.UTC(), KeptFor: info.Config.MaxAge}
	_, e.Anew = info.Config.Metadata[createdAnewKey]
	accepted, _ := strconv.ParseUint(info.Config.Metadata[acceptedLossKey], 10, 64)
	e.Missing -= min(accepted, e.Missing)
	e.AcceptedEnd, _ = strconv.ParseUint(info.Config.Metadata[acceptedEndKey], 10, 64)
	e.Accepted, _ = strconv.ParseUint(info.Config.Metadata[acceptedKey], 10, 64)
	e.AcceptedAt, _ = time.Parse(time.RFC3339, info.Config.Metadata[acceptedTimeKey])
	return e, nil
}

// missing counts the sequences before a stream's first message.
func missing(s *jetstream.StreamState) uint64 {
	if s.Msgs == 0 {
		return s.LastSeq
	}
	return s.FirstSeq - 1
}

// AcceptLoss records in the stream that the messages it lacks now are lost for good, so that
// Extent and Holes no longer count them, nor does Extent say that the stream was created anew.
func (l *Log) AcceptLoss(ctx context.Context, stream string) error {
	s, err := l.js.Stream(ctx, stream)
	if err != nil {
		return fmt.Errorf("look at stream %s: %w", stream, err)
	}
	info := s.CachedInfo()
	config := info.Config
	if config.Metadata == nil {
		config.Metadata = map[string]string{}
	}
	delete(config.Metadata, createdAnewKey)
	if slices.Contains(Names(), stream) && stream != Commands && stream != Dead { // of the others messages are taken out
		if err := l.acceptMissing(ctx, info, config.Metadata); err != nil {
			return err
		}
	}
	config.Metadata[acceptedTimeKey] = time.Now().UTC().Format(time.RFC3339)
	updating, done := l.admin.Deniable(ctx, api+"STREAM.UPDATE."+stream)
	_, err = l.admin.js.UpdateStream(updating, config)
	if err := done(err); err != nil {
		return fmt.Errorf("record in stream %s what is lost: %w", stream, err)
	}
	return nil
}

// acceptMissing writes into a stream's metadata that what it lacks is accepted as lost.
func (l *Log) acceptMissing(ctx context.Context, info *jetstream.StreamInfo, metadata map[string]string) error {
	stream := info.Config.Name
	holes, err := l.Holes(ctx, stream)
	if err != nil {
		return err
	}
	metadata[acceptedKey] = strconv.FormatUint(info.State.LastSeq, 10)
	metadata[acceptedLossKey] = strconv.FormatUint(missing(&info.State), 10)
	known := Intersect(parseRanges(metadata[acceptedHolesKey]), []Range{{missing(&info.State) + 1, info.State.LastSeq}})
	delete(metadata, acceptedHolesKey)
	if known = union(known, union(holes.Unreadable, holes.Empty)); len(known) > 0 {
		metadata[acceptedHolesKey] = FormatRanges(known)
	}
	for _, r := range References() {
		if r.To != stream {
			continue
		}
		newest, err := l.Refers(ctx, r)
		if err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
			return err
		}
		before, _ := strconv.ParseUint(metadata[acceptedEndKey], 10, 64)
		if lost, _, err := l.Lost(ctx, stream, newest); err != nil {
			return err
		} else if lost && newest > before {
			metadata[acceptedEndKey] = strconv.FormatUint(newest, 10)
		}
	}
	return nil
}

// LacksEnd reports whether another stream was made from messages behind a stream's end, and nobody has
// accepted that they are lost.
func (l *Log) LacksEnd(ctx context.Context, stream string) (bool, error) {
	extent, err := l.Extent(ctx, stream)
	if err != nil {
		return false, err
	}
	for _, r := range References() {
		if r.To != stream {
			continue
		}
		known, err := l.Refers(ctx, r)
		if err != nil {
			return false, err
		}
		if lost, _, err := l.Lost(ctx, stream, known); err != nil || lost && known > extent.AcceptedEnd {
			return err == nil, err
		}
	}
	return false, nil
}

// RowsSubject returns the subjects of a stream whose messages become rows of the projection
// and have one layout.
func RowsSubject(stream string) string { return Subjects(stream)[0] }

// Reference is what the messages of one stream say of another one that they were made from.
type Reference struct {
	From, To string
	newest   func(body []byte) (uint64, error)
}

// Newest returns the sequence in r.To that a message of r.From, of [RowsSubject], says that it
// was made from, or 0 where the message cannot be read.
func (r Reference) Newest(body []byte) uint64 {
	newest, err := r.newest(body)
	if err != nil || newest > maxSequence {
		return 0
	}
	return newest
}

// References returns the references between the streams.
func References() []Reference {
	return []Reference{
		{Verdicts, Submissions, func(body []byte) (uint64, error) {
			var v event.Verdict
			err := json.Unmarshal(body, &v)
			return v.Sequence, err
		}},
		{Accepted, Submissions, func(body []byte) (uint64, error) {
			batch, err := event.DecodeAccepted(body)
			if err != nil {
				return 0, err
			}
			newest := uint64(0)
			for i := range batch.Submissions {
				newest = max(newest, batch.Submissions[i].Sequence)
			}
			return newest, nil
		}},
		{Totals, Accepted, func(body []byte) (uint64, error) {
			batch, err := event.DecodeTotals(body)
			if err != nil {
				return 0, err
			}
			return batch.Basis, nil
		}},
	}
}

// Refers returns the sequence in r.To of which the newest message of r.From was made, or 0
// where r.From is empty or its newest message cannot be read.
func (l *Log) Refers(ctx context.Context, r Reference) (uint64, error) {
	m, err := l.GetLast(ctx, r.From, RowsSubject(r.From))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return r.Newest(m.Data), nil
}

// maxSequence bounds what a reference is believed to say: no log has that many messages.
const maxSequence = 1 << 53

// firstSequence returns the sequence at which a stream that does not exist has to begin, so that
// no place in it is given twice: 0 is the usual beginning, for one that has never been. One that
// was lost begins behind what the other streams refer to. No reference leads to VERDICTS, TOTALS,
// RELEASES and DIRECT, and what ClickHouse and headers know of them cannot be told here: where submissions have been
// judged, they begin at the milliseconds since 1970, which no stream has come to by counting.
func (l *Log) firstSequence(ctx context.Context, stream string, now time.Time) (uint64, error) {
	known := uint64(0)
	for _, r := range References() {
		if r.To != stream && (!isUnreferred(stream) || r.From != Accepted) {
			continue
		}
		newest, err := l.Refers(ctx, r)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			continue
		}
		if err != nil {
			return 0, err
		}
		known = max(known, newest)
	}
	if !isUnreferred(stream) {
		if known == 0 {
			return 0, nil
		}
		return known + 1, nil
	}
	position, err := l.Position(ctx, Submissions, Validators)
	if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) && !errors.Is(err, jetstream.ErrStreamNotFound) {
		return 0, err
	}
	if known == 0 && position.AckFloor == 0 {
		return 0, nil
	}
	return uint64(now.UnixMilli()), nil
}

// isUnreferred reports whether something outside the log knows a stream's sequences, or the headers of
// another stream, and no other stream refers to it.
func isUnreferred(stream string) bool {
	return stream == Verdicts || stream == Totals || stream == Releases || stream == Direct
}
