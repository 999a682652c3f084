package stream_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/nats-io/nats.go"
	"golang.org/x/sync/errgroup"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

func TestPublishTellsWhere(t *testing.T) {
	log := open(t)
	var messages []stream.Message
	for i := range 1500 {
		m := message(fmt.Sprint(i))
		m.ID = fmt.Sprintf("id-%d", i)
		messages = append(messages, m)
	}
	stored, err := log.Publish(t.Context(), messages...)
	check(t, err)
	if len(stored) != len(messages) || last(t, log, stream.Submissions) != 1500 {
		t.Fatalf("want %d stored, got %d", len(messages), len(stored))
	}
	for i, p := range stored {
		if p.Sequence != uint64(i+1) || p.Duplicate {
			t.Fatalf("message %d: want sequence %d, got %+v", i, i+1, p)
		}
	}
	for _, i := range []int{0, 999, 1000, 1499} {
		m, err := log.Get(t.Context(), stream.Submissions, stored[i].Sequence)
		check(t, err)
		if string(m.Data) != fmt.Sprint(i) {
			t.Errorf("want message %d at %d, got %s", i, stored[i].Sequence, m.Data)
		}
	}
}

// Messages that are published together are in the stream side by side, or none is: not when one of
// them cannot be stored, and also when the broker has seen the id of one.
func TestPublishTogether(t *testing.T) {
	log := open(t)
	large, bad := bytes.Repeat([]byte("x"), 7<<20), message("bad")
	bad.ExpectLast = new(uint64)
	*bad.ExpectLast = 99
	if _, err := log.PublishTogether(t.Context(), message("a"), message("b"), bad); !errors.Is(err, stream.ErrConflict) {
		t.Errorf("want ErrConflict, got %v", err)
	}
	if _, err := log.PublishTogether(t.Context(), slices.Repeat([]stream.Message{message("a")}, stream.MaxTogether+1)...); !event.IsPermanent(err) {
		t.Errorf("want more than a batch refused for good, got %v", err)
	}
	if n := last(t, log, stream.Submissions); n != 0 {
		t.Fatalf("want nothing stored, got %d messages", n)
	}
	messages := make([]stream.Message, 6) // more than waits in the broker without an answer
	for i := range messages {
		messages[i] = message(string(large))
		messages[i].ID = fmt.Sprint(i)
	}
	for _, first := range []uint64{1, 7} {
		stored, err := log.PublishTogether(t.Context(), messages...)
		check(t, err)
		for i, p := range stored {
			if p.Sequence != first+uint64(i) || p.Duplicate {
				t.Errorf("message %d: want %d, got %+v", i, first+uint64(i), p)
			}
		}
	}
}

func TestPublishRecognisesIDs(t *testing.T) {
	log := open(t)
	a, b, c := message("a"), message("b"), message("c")
	a.ID, b.ID, c.ID = "a", "b", "c"
	_, err := log.Publish(t.Context(), a, b)
	check(t, err)
	tests := map[string]struct {
		messages []stream.Message
		want     []stream.Published
	}{
		"one that was there": {[]stream.Message{b}, []stream.Published{{Sequence: 2, Duplicate: true}}},
		"among new ones":     {[]stream.Message{b, c, a}, []stream.Published{{Sequence: 2, Duplicate: true}, {Sequence: 3}, {Sequence: 1, Duplicate: true}}},
		"all of them again":  {[]stream.Message{a, b, c}, []stream.Published{{Sequence: 1, Duplicate: true}, {Sequence: 2, Duplicate: true}, {Sequence: 3, Duplicate: true}}},
	}
	for _, name := range []string{"one that was there", "among new ones", "all of them again"} {
		got, err := log.Publish(t.Context(), tests[name].messages...)
		if err != nil || !slices.Equal(got, tests[name].want) {
			t.Errorf("%s: want %v, got %v (%v)", name, tests[name].want, got, err)
		}
	}
	d, e := message("d"), message("e")
	d.ID, e.ID = "d", "d"
	got, err := log.Publish(t.Context(), d, e)
	if want := []stream.Published{{Sequence: 4}, {Sequence: 4, Duplicate: true}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("twice in one batch: want %v, got %v (%v)", want, got, err)
	}
}

func TestPublishIsAllOrNone(t *testing.T) {
	log := open(t)
	publish(t, log, "first")
	expect := func(n uint64) stream.Message {
		m := message(fmt.Sprintf("after %d", n))
		m.ExpectLast = &n
		return m
	}
	other := stream.Message{Subject: "submissions.320804.sti-annual", Body: []byte("beside")}
	for name, messages := range map[string][]stream.Message{
		"alone": {expect(7)}, "in a batch": {other, expect(7)}, "nothing there yet": {expect(0)},
	} {
		if _, err := log.Publish(t.Context(), messages...); !errors.Is(err, stream.ErrConflict) {
			t.Errorf("%s: want a conflict, got %v", name, err)
		}
	}
	if n := last(t, log, stream.Submissions); n != 1 {
		t.Errorf("want nothing of a refused batch stored, got %d messages", n)
	}
	if got, err := log.Publish(t.Context(), other, expect(1)); err != nil || got[1].Sequence != 3 {
		t.Errorf("want the batch stored when the expectation holds, got %v (%v)", got, err)
	}
}

func TestPublishRefusesWhatTheBrokerWould(t *testing.T) {
	log := open(t)
	large := message(string(bytes.Repeat([]byte("x"), int(log.MaxMessage())+1)))
	for _, messages := range [][]stream.Message{{large}, {message("small"), large}} {
		if _, err := log.Publish(t.Context(), messages...); !errors.Is(err, nats.ErrMaxPayload) {
			t.Errorf("want the client's own error, got %v", err)
		}
	}
}

func TestPublishOfManyLargeMessages(t *testing.T) {
	log := open(t)
	body := string(bytes.Repeat([]byte("x"), 4<<20))
	stored := publish(t, log, slices.Repeat([]string{body}, 10)...)
	if len(stored) != 10 || stored[9].Sequence != 10 {
		t.Fatalf("want 10 stored, got %v", stored)
	}
}

// One bad message does not keep the others from being stored, however many they are.
func TestPublishEachKeepsFaultsApart(t *testing.T) {
	for _, n := range []int{5, 100} {
		log := open(t)
		first := message("first")
		first.ID = "first"
		_, err := log.Publish(t.Context(), first)
		check(t, err)
		wrong := uint64(7)
		var messages []stream.Message
		for i := range n {
			m := message(fmt.Sprint(i))
			switch i {
			case 1:
				m.ExpectLast = &wrong
			case 3:
				m = first
			case 4:
				m.Body = bytes.Repeat([]byte("x"), int(log.MaxMessage())+1)
			}
			messages = append(messages, m)
		}
		want := uint64(1)
		for i, a := range log.PublishEach(t.Context(), messages...) {
			switch {
			case i == 1:
				if !errors.Is(a.Err, stream.ErrConflict) {
					t.Errorf("of %d, message 1: want a conflict, got %+v", n, a)
				}
			case i == 3:
				if a != (stream.PublishResult{Published: stream.Published{Sequence: 1, Duplicate: true}}) {
					t.Errorf("of %d, message 3: want it recognised, got %+v", n, a)
				}
			case i == 4:
				if !errors.Is(a.Err, nats.ErrMaxPayload) {
					t.Errorf("of %d, message 4: want the client's own error, got %+v", n, a)
				}
			default:
				if want++; a != (stream.PublishResult{Published: stream.Published{Sequence: want}}) {
					t.Errorf("of %d, message %d: want sequence %d, got %+v", n, i, want, a)
				}
			}
		}
		if got := last(t, log, stream.Submissions); got != uint64(n-2) {
			t.Errorf("of %d: want %d stored, got %d", n, n-2, got)
		}
	}
}

func TestPublishEachOfManyTellsWhere(t *testing.T) {
	log := open(t)
	messages := make([]stream.Message, 1500)
	for i := range messages {
		messages[i] = message(fmt.Sprint(i))
	}
	for i, a := range log.PublishEach(t.Context(), messages...) {
		if a != (stream.PublishResult{Published: stream.Published{Sequence: uint64(i + 1)}}) {
			t.Fatalf("message %d: want sequence %d, got %+v", i, i+1, a)
		}
	}
}

func TestGroupShares(t *testing.T) {
	log := open(t)
	group := stream.NewGroup(log)
	running := run(t, group)
	const callers = 500
	var callersDone errgroup.Group
	sequences := make([]uint64, callers)
	for i := range callers {
		callersDone.Go(func() error {
			m := message(fmt.Sprint(i))
			m.ID = fmt.Sprint(i)
			p, err := group.Publish(soon(t), m)
			sequences[i] = p.Sequence
			return err
		})
	}
	check(t, callersDone.Wait())
	running()
	slices.Sort(sequences)
	if len(slices.Compact(sequences)) != callers || sequences[callers-1] != callers {
		t.Errorf("want %d places, got %d up to %d", callers, len(sequences), sequences[len(sequences)-1])
	}
}

func TestGroupKeepsMistakesApart(t *testing.T) {
	log := open(t)
	group := stream.NewGroup(log)
	wrong := uint64(99)
	large := bytes.Repeat([]byte("x"), int(log.MaxMessage())+1)
	var callers errgroup.Group
	for i := range 60 {
		callers.Go(func() error {
			m, want := message(fmt.Sprint(i)), error(nil)
			switch i % 3 {
			case 1:
				m.Subject, m.ExpectLast, want = "submissions.other.sti-annual", &wrong, stream.ErrConflict
			case 2:
				m.Body, want = large, nats.ErrMaxPayload
			}
			if _, err := group.Publish(soon(t), m); !errors.Is(err, want) {
				return fmt.Errorf("caller %d: want %v, got %w", i, want, err)
			}
			return nil
		})
	}
	running := run(t, group)
	check(t, callers.Wait())
	running()
	if n := last(t, log, stream.Submissions); n != 20 {
		t.Errorf("want the 20 good messages stored once, got %d", n)
	}
}
