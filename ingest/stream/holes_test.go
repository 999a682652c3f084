package stream_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/ingest/natsd/natsdtest"
	"github.com/citytally/citytally/ingest/stream"
)

// Messages that a disk has damaged are counted by the broker and delivered to nobody. A reader that
// comes past them makes them known, until somebody has accepted the loss, and no longer.
func TestDamagedMessagesAreKnownOnceRead(t *testing.T) {
	dir := t.TempDir()
	server := natsdtest.Start(t, natsdtest.Dir(dir))
	log, nc := join(t, server)
	body := func(n int) []byte { return fmt.Appendf(nil, "message %d of a log that is kept for ever", n) }
	for n := 1; n <= 9; n++ {
		_, err := log.Publish(t.Context(), stream.Message{Subject: "accepted.320812.sti-annual", Body: body(n)})
		check(t, err)
	}
	nc.Close()
	check(t, server.Close())
	blocks, err := filepath.Glob(filepath.Join(dir, "jetstream", "*", "streams", stream.Accepted, "msgs", "1.blk"))
	check(t, err)
	stored, err := os.ReadFile(blocks[0])
	check(t, err)
	for _, n := range []int{1, 4, 5, 7} {
		at := bytes.Index(stored, body(n))
		if at < 0 {
			t.Fatalf("message %d is not in the block", n)
		}
		copy(stored[at:], "rotten!")
	}
	check(t, os.WriteFile(blocks[0], stored, 0o600))

	server = natsdtest.Start(t, natsdtest.Dir(dir))
	log, _ = join(t, server)
	if lacks, err := log.LacksBeginning(t.Context(), stream.Accepted); err != nil || !lacks {
		t.Errorf("the beginning is lost: %t, %v", lacks, err)
	}
	var read []uint64
	follow := func(log *stream.Log) {
		ctx, stop := context.WithCancel(t.Context())
		check(t, log.Follow(ctx, stream.FollowConfig{Stream: stream.Accepted}, func(d stream.Delivery) error {
			read = append(read, d.Sequence)
			if d.Sequence == 9 {
				stop()
			}
			return nil
		}, func() {}))
	}
	follow(log)
	if diff := cmp.Diff([]uint64{2, 3, 6, 8, 9}, read); diff != "" {
		t.Fatalf("read (-want +got):\n%s", diff)
	}
	holes, err := log.Holes(t.Context(), stream.Accepted)
	check(t, err)
	if diff := cmp.Diff(stream.Holes{Unreadable: []stream.Range{{From: 1, To: 1}, {From: 4, To: 5}, {From: 7, To: 7}}}, holes); diff != "" {
		t.Errorf("holes (-want +got):\n%s", diff)
	}
	check(t, log.AcceptLoss(t.Context(), stream.Accepted))
	again, _ := join(t, server)
	follow(again)
	for _, log := range []*stream.Log{log, again} {
		holes, err := log.Holes(t.Context(), stream.Accepted)
		if lacks, err := log.LacksBeginning(t.Context(), stream.Accepted); err != nil || lacks {
			t.Errorf("after the loss was accepted: the beginning is lost: %t, %v", lacks, err)
		}
		if err != nil || holes.Unreadable != nil || holes.Empty != nil {
			t.Errorf("after the loss was accepted: %+v, %v", holes, err)
		}
	}
}

// A sequence without a message is told apart from a damaged one, and accepting it does not hide
// another.
func TestEmptySequencesAreHoles(t *testing.T) {
	log, nc := join(t, natsdtest.Start(t))
	publish(t, log, "one", "two", "three", "four", "five")
	remove := func(sequence uint64) {
		_, err := nc.Request("$JS.API.STREAM.MSG.DELETE."+stream.Submissions, fmt.Appendf(nil, `{"seq":%d}`, sequence), time.Minute)
		check(t, err)
	}
	for _, test := range []struct {
		removed uint64
		want    []stream.Range
	}{{3, []stream.Range{{From: 3, To: 3}}}, {4, []stream.Range{{From: 4, To: 4}}}, {1, nil}} {
		remove(test.removed)
		holes, err := log.Holes(t.Context(), stream.Submissions)
		check(t, err)
		if diff := cmp.Diff(stream.Holes{Empty: test.want}, holes); diff != "" {
			t.Errorf("without message %d (-want +got):\n%s", test.removed, diff)
		}
		check(t, log.AcceptLoss(t.Context(), stream.Submissions))
	}
}
