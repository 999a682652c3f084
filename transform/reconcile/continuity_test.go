package reconcile_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/ingest/natsd/natsdtest"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/reconcile"
)

// Every stream that was lost and created anew is told by name, with what is lost and the cure, until
// somebody accepts the loss; so are a DIRECT and an ORIGINALS that end before what SUBMISSIONS tells of. A
// stream that this program is the first to create is not.
func TestEveryLostStreamIsTold(t *testing.T) {
	nc, err := nats.Connect("", natsdtest.Start(t).InProcess())
	check(t, err)
	defer nc.Close()
	js, err := jetstream.New(nc)
	check(t, err)
	var log *stream.Log
	setUp := func() {
		log, _, err = stream.Setup(t.Context(), nc, stream.DefaultConfig(), false, zerolog.Nop())
		check(t, err)
	}
	told := func() (of []string) {
		found, err := reconcile.CheckLog(t.Context(), log)
		check(t, err)
		for _, d := range found {
			of = append(of, d.Stream)
			if text := d.String(); !strings.Contains(text, d.Stream) || !strings.HasSuffix(text, "citytally replay --from submissions") {
				t.Errorf("%s: %s", d.Kind, text)
			}
		}
		return of
	}
	setUp()
	if of := told(); of != nil {
		t.Errorf("of a new log: %v", of)
	}
	for _, name := range stream.All() {
		if name == stream.Accepted || name == stream.Totals { // told by what refers to it, and mended by itself
			continue
		}
		check(t, js.DeleteStream(t.Context(), name))
		setUp()
		if of := told(); !slices.Equal(of, []string{name}) {
			t.Errorf("%s was lost, and told are %v", name, of)
		}
		check(t, log.AcceptLoss(t.Context(), name))
		if of := told(); of != nil {
			t.Errorf("the loss of %s was accepted, and told are %v", name, of)
		}
	}
	extent, err := log.Extent(t.Context(), stream.Direct)
	check(t, err)
	for name, know := range map[string]func(){
		stream.Direct:    func() { log.KnowDirect(extent.Last+1, time.Now().Add(time.Minute)) },
		stream.Originals: func() { log.KnowOriginal(7, strings.Repeat("0f", 32), time.Now().Add(time.Minute)) },
	} {
		setUp() // another process
		know()
		if of := told(); !slices.Equal(of, []string{name}) {
			t.Errorf("%s has lost its end, and told are %v", name, of)
		}
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
