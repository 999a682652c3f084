package stream_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/ingest/natsd/natsdtest"
	"github.com/citytally/citytally/ingest/stream"
)

// A process whose settings differ changes no stream; the one that owns the streams does, and
// leaves alone what an operator has set beside the settings.
func TestStreamsHaveOneOwner(t *testing.T) {
	_, nc := join(t, natsdtest.Start(t))
	js, err := jetstream.New(nc)
	check(t, err)
	compressed := func() jetstream.StreamConfig {
		s, err := js.Stream(soon(t), stream.Verdicts)
		check(t, err)
		return s.CachedInfo().Config
	}
	operators := compressed()
	operators.Compression = jetstream.S2Compression
	_, err = js.UpdateStream(soon(t), operators)
	check(t, err)

	other := stream.DefaultConfig()
	other.Replicas, other.VerdictsFor = 3, 3*stream.DefaultConfig().VerdictsFor
	_, err = stream.Open(soon(t), nc, other, zerolog.Nop())
	different, ok := errors.AsType[*stream.DifferenceError](err)
	buckets := []string{stream.Tokens, stream.Schedules, stream.Sources, stream.Originals}
	if !ok || len(different.Changes) != len(stream.Names())+len(buckets)+1 {
		t.Fatalf("got %v, want a DifferenceError of the replicas of every stream and of an age", err)
	}
	for _, say := range []string{"SUBMISSIONS: streams.replicas is 1 in the broker, 3 here", "streams.verdicts_for", "citytally setup"} {
		if !strings.Contains(err.Error(), say) {
			t.Errorf("%v does not say %q", err, say)
		}
	}
	if is := compressed(); is.MaxAge != stream.DefaultConfig().VerdictsFor || is.Replicas != 1 {
		t.Errorf("a process that does not own the streams changed one: %+v", is)
	}

	owned := stream.DefaultConfig()
	owned.VerdictsFor = 3 * owned.VerdictsFor
	_, dry, err := stream.Setup(soon(t), nc, owned, true, zerolog.Nop())
	check(t, err)
	if len(dry) != 1 || dry[0].Setting != "streams.verdicts_for" || compressed().MaxAge != stream.DefaultConfig().VerdictsFor {
		t.Errorf("a dry setup says %v", dry)
	}
	_, applied, err := stream.Setup(soon(t), nc, owned, false, zerolog.Nop())
	check(t, err)
	if is := compressed(); len(applied) != 1 || is.MaxAge != owned.VerdictsFor || is.Compression != jetstream.S2Compression {
		t.Errorf("setup changed %v, the stream is %+v", applied, is)
	}
	_, err = stream.Open(soon(t), nc, owned, zerolog.Nop())
	check(t, err)
}

// A stream that is gone is created anew behind what other streams refer to.
func TestGoneStreamBeginsBehindItsReferences(t *testing.T) {
	log, nc := join(t, natsdtest.Start(t))
	js, err := jetstream.New(nc)
	check(t, err)
	_, err = log.Publish(soon(t), stream.Message{Subject: "verdicts.320812.sti-annual", Body: []byte(`{"sequence":41}`)})
	check(t, err)
	check(t, js.DeleteStream(soon(t), stream.Submissions))
	log, err = stream.Open(soon(t), nc, stream.DefaultConfig(), zerolog.Nop())
	check(t, err)
	if got := publish(t, log, "a"); got[0].Sequence != 42 {
		t.Errorf("the first message has sequence %d, want 42", got[0].Sequence)
	}
	extent, err := log.Extent(soon(t), stream.Submissions)
	check(t, err)
	if extent.Last != 42 || extent.Messages != 1 || extent.Missing != 41 {
		t.Errorf("extent %+v, want 41 of 42 missing", extent)
	}
	check(t, log.AcceptLoss(soon(t), stream.Submissions))
	_, changes, err := stream.Setup(soon(t), nc, stream.DefaultConfig(), false, zerolog.Nop())
	check(t, err)
	if extent, err = log.Extent(soon(t), stream.Submissions); err != nil || extent.Missing != 0 || len(changes) != 0 {
		t.Errorf("after the loss was accepted: %+v, %v, changes %v", extent, err, changes)
	}
}
