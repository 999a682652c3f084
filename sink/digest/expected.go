package digest

import (
	"context"
	"errors"
	"fmt"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// Sum is the digest of a set of rows.
type Sum struct{ rows, hash uint64 }

func (s *Sum) add(o Sum) { s.rows, s.hash = s.rows+o.rows, s.hash+o.hash }

// expected is what a table should hold by the messages of its stream.
type expected struct {
	// first is the sequence of the first message that counts: rows of earlier messages,
	// which the stream no longer keeps, are not compared. 0 is a stream that is whole.
	first uint64
	begun bool
	next  uint64 // sequence to go on with
	group map[uint64]*expectedGroup
}

type expectedGroup struct {
	Sum
	from, to uint64                      // sequences of the messages it comes of
	seen     [1 << groupBits / 64]uint64 // which places have been told of
}

func (g *expectedGroup) hasSeen(place uint64) bool {
	at := place & (1<<groupBits - 1)
	return g.seen[at/64]&(1<<(at%64)) != 0
}

func (g *expectedGroup) see(place uint64) {
	at := place & (1<<groupBits - 1)
	g.seen[at/64] |= 1 << (at % 64)
}

// read takes in the messages up to a sequence.
func (e *expected) read(ctx context.Context, log *stream.Log, t *Table, key hashKey, upTo uint64) error {
	if e.group == nil {
		e.group, e.next = map[uint64]*expectedGroup{}, 1
	}
	err := readMessages(ctx, log, t, e.next, upTo, func(d *stream.Delivery) error {
		rows, err := t.rows(d)
		if err != nil {
			return err
		}
		hashed, err := t.hash(key, rows)
		if err != nil {
			return err
		}
		if !e.begun && d.Sequence > 1 {
			e.first = d.Sequence
		}
		e.begun = true
		e.fold(d.Sequence, hashed, rows.Additional)
		e.next = d.Sequence + 1
		return nil
	})
	if err != nil {
		return fmt.Errorf("read %s: %w", t.Stream, err)
	}
	if !e.begun && upTo > 0 {
		e.first = upTo + 1
	}
	e.next = max(e.next, upTo+1)
	return nil
}

// fold takes in the rows of one message. Rows of a place that another message has told of
// before do not count, unless they are additional.
func (e *expected) fold(sequence uint64, rows []hashedRow, additional bool) {
	for i := range rows {
		g := e.group[rows[i].place>>groupBits]
		if g == nil {
			g = &expectedGroup{from: sequence}
			e.group[rows[i].place>>groupBits] = g
		}
		if !additional && g.hasSeen(rows[i].place) {
			continue
		}
		g.add(Sum{1, rows[i].hash})
		g.to = sequence
	}
	for i := range rows {
		if !additional {
			e.group[rows[i].place>>groupBits].see(rows[i].place)
		}
	}
}

// rows returns the rows of a message; none of one that cannot be stored.
func (t *Table) rows(d *stream.Delivery) (Rows, error) {
	rows, err := t.Rows(d)
	if err != nil && !event.IsPermanent(err) {
		return Rows{}, fmt.Errorf("message %d of %s: %w", d.Sequence, t.Stream, err)
	}
	return rows, nil
}

// readMessages calls handle with a table's messages from one sequence to another.
func readMessages(ctx context.Context, log *stream.Log, of *Table, from, to uint64, handle func(*stream.Delivery) error) error {
	if from > to {
		return nil
	}
	end := errors.New("all is read")
	reading, caughtUp := context.WithCancel(ctx)
	defer caughtUp()
	err := log.Follow(reading, stream.FollowConfig{Stream: of.Stream, Subjects: of.Subjects, From: from}, func(d stream.Delivery) error {
		if d.Sequence > to {
			return end
		}
		if err := handle(&d); err != nil {
			return err
		}
		if d.Sequence == to {
			return end
		}
		return nil
	}, caughtUp)
	if err != nil && !errors.Is(err, end) {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}
