package direct_test

import (
	"context"
	"encoding/binary"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/ingest/direct"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/natsd/natsdtest"
	"github.com/citytally/citytally/ingest/stream"
)

// closed keeps what one area published apart from the others waiting until it is opened.
type closed struct {
	area   string
	full   bool // whether the area has no room from the start
	opened chan struct{}
}

func (c closed) HasRoom(_ context.Context, area string) bool {
	return area != c.area || !c.full
}

func (c closed) AwaitRoom(ctx context.Context, area string) error {
	if area != c.area {
		return nil
	}
	select {
	case <-c.opened:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// An area that has published hundreds of messages, or has as much waiting as it may, keeps no
// other one waiting, and all of its messages come in their order, once.
func TestOneAreaKeepsNobodyWaiting(t *testing.T) {
	for name, test := range map[string]struct {
		flood int
		full  bool
	}{"full": {100, true}, "much at once": {400, false}} {
		t.Run(name, func(t *testing.T) { flood(t, test.flood, test.full) })
	}
}

func flood(t *testing.T, hostile int, full bool) {
	nc, err := nats.Connect("", natsdtest.Start(t).InProcess())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	log, err := stream.Open(t.Context(), nc, stream.DefaultConfig(), zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	published := 0
	publish := func(area string, count int) {
		t.Helper()
		messages := make([]stream.Message, count)
		for i := range messages {
			published++
			messages[i] = stream.Message{Subject: "direct." + area + ".d", Body: binary.BigEndian.AppendUint32(nil, uint32(published))}
		}
		for _, result := range log.PublishEach(t.Context(), messages...) {
			if result.Err != nil {
				t.Fatal(result.Err)
			}
		}
	}
	publish("320812", hostile)
	publish("320804", 1)
	room := closed{"320812", full, make(chan struct{})}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	run := func() { ended <- direct.Run(ctx, log, room, zerolog.Nop()) }
	go run()

	// forwarded counts, by area, what is in SUBMISSIONS up to a sequence, and checks the order.
	of, last := map[string]int{}, map[string]uint32{}
	following, enough := context.WithCancel(t.Context())
	defer enough()
	err = log.Follow(following, stream.FollowConfig{Stream: stream.Submissions}, func(d stream.Delivery) error {
		area, n := event.OriginOf(d.Subject).Area, binary.BigEndian.Uint32(d.Body)
		if n <= last[area] {
			t.Errorf("%s: message %d after %d", area, n, last[area])
		}
		of[area]++
		last[area] = n
		switch {
		case area == "320804" && of[area] == 1:
			if before := of["320812"]; before > hostile/2 || full && before > 0 {
				t.Errorf("another area waited behind %d messages", before)
			}
			close(room.opened)
		case of["320812"] == hostile && of["320804"] == 1:
			// The lane stays, for whoever runs next.
			stop()
			if err := <-ended; err != nil {
				t.Error(err)
			}
			ctx, stop = context.WithCancel(t.Context())
			publish("320812", 3)
			publish("320804", 1)
			go run()
		case of["320812"] == hostile+3 && of["320804"] == 2:
			enough()
		}
		return nil
	}, func() {})
	stop()
	if err != nil || <-ended != nil {
		t.Error(err)
	}
	if of["320812"] != hostile+3 || of["320804"] != 2 {
		t.Errorf("forwarded %v", of)
	}
}
