package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/s2"
	"github.com/nats-io/nats-server/v2/server/archive"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest/stream"
)

// ExistsError is the error of a restore into a broker whose streams have been used.
type ExistsError struct{ Streams []string }

// Error names the streams and says what to do.
func (e *ExistsError) Error() string {
	return fmt.Sprintf("the broker has streams already (%s), and nothing is restored over them: restore into an empty broker, or back these up and delete them first", strings.Join(e.Streams, ", "))
}

// Restore puts the newest backup of a directory into a broker whose streams nobody has used, with
// the settings' replicas and retention. Consumers go on where they were at that place, but for
// those named in anew, which begin at the beginning: they fill what is not of that place. What is
// read is held against its digests.
func Restore(ctx context.Context, nc *nats.Conn, dir string, config stream.Config, anew []string, progress func(Progress)) (*Backup, error) {
	m, err := Read(dir)
	if err != nil {
		return nil, err
	}
	if progress == nil {
		progress = func(Progress) {}
	}
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, fmt.Errorf("open jetstream: %w", err)
	}
	b := m.Newest()
	if err := clearUnused(ctx, js); err != nil {
		return nil, err
	}
	for i := len(b.Streams) - 1; i >= 0; i-- { // what is referred to comes first
		s := &b.Streams[i]
		if s.Last == 0 {
			// One that were absent beside the others would pass for lost.
			if sc, known := config.Stream(s.Name); known {
				if _, err := js.CreateStream(ctx, sc); err != nil {
					return nil, fmt.Errorf("create stream %s: %w", s.Name, err)
				}
			}
			continue
		}
		r := &restoring{nc: nc, dir: dir, stream: s, segments: m.segments(s.Name), progress: progress}
		var known bool
		if r.config, known = config.Stream(s.Name); !known {
			return nil, fmt.Errorf("restore stream %s: this program has no such stream; use the version that took the backup (%s), or a later one", s.Name, b.Program)
		}
		r.config.Metadata = maps.Clone(s.Metadata)
		stream.NextGeneration(r.config.Metadata)
		for _, c := range s.Consumers {
			if c.AckFloor.Stream > 0 && !slices.Contains(anew, c.Config.Durable) {
				r.consumers = append(r.consumers, c)
			}
		}
		if err := r.run(ctx); err != nil {
			// What is there in part would pass for the whole.
			err = errors.Join(err, ignoreAbsent(js.DeleteStream(context.WithoutCancel(ctx), s.Name)))
			return nil, fmt.Errorf("restore stream %s: %w", s.Name, err)
		}
	}
	return b, nil
}

// clearUnused deletes the streams of this program, which a broker makes when it starts. Where one of them
// has ever had a message, it deletes none, and the error is an [*ExistsError].
func clearUnused(ctx context.Context, js jetstream.JetStream) error {
	var unused, used []string
	for _, name := range stream.All() {
		s, err := js.Stream(ctx, name)
		switch {
		case errors.Is(err, jetstream.ErrStreamNotFound):
		case err != nil:
			return fmt.Errorf("look at stream %s: %w", name, err)
		case s.CachedInfo().State.LastSeq > 0:
			used = append(used, name)
		default:
			unused = append(unused, name)
		}
	}
	if used != nil {
		return &ExistsError{Streams: used}
	}
	for _, name := range unused {
		if err := ignoreAbsent(js.DeleteStream(ctx, name)); err != nil {
			return fmt.Errorf("delete stream %s, which was never used: %w", name, err)
		}
	}
	return nil
}

func ignoreAbsent(err error) error {
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil
	}
	return err
}

// restoring is the restore of one stream.
type restoring struct {
	nc        *nats.Conn
	dir       string
	stream    *Stream
	segments  []*Segment
	config    jetstream.StreamConfig
	consumers []Consumer
	progress  func(Progress)
}

const (
	// chunkSize is how many bytes go to the broker at a time.
	chunkSize = 256 << 10
	// answerTimeout is how long the broker may take to answer; a cluster elects a leader first.
	answerTimeout = 30 * time.Second
)

// run sends the stream to the broker as one of the server's own archives.
func (r *restoring) run(ctx context.Context) error {
	state := map[string]any{"messages": 0, "bytes": 0, "first_seq": r.stream.First, "last_seq": r.stream.Last, "consumer_count": len(r.consumers)}
	request, err := json.Marshal(map[string]any{"config": r.config, "state": state})
	if err != nil {
		return err
	}
	var answer struct {
		DeliverSubject string `json:"deliver_subject"`
	}
	if err := r.ask(ctx, "$JS.API.STREAM.RESTORE."+r.stream.Name, request, &answer); err != nil {
		return err
	}
	read, write := io.Pipe()
	written := make(chan struct{})
	go func() {
		defer close(written)
		write.CloseWithError(r.write(ctx, write, state))
	}()
	defer func() { read.Close(); <-written }()
	chunk := make([]byte, chunkSize)
	for {
		n, err := io.ReadFull(read, chunk)
		if n > 0 {
			if err := r.ask(ctx, answer.DeliverSubject, chunk[:n], nil); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			// The broker takes what it has as the end, and refuses it for lacking its mark.
			_ = r.ask(context.WithoutCancel(ctx), answer.DeliverSubject, nil, nil)
			return err
		}
	}
	var restored struct {
		State jetstream.StreamState `json:"state"`
	}
	if err := r.ask(ctx, answer.DeliverSubject, nil, &restored); err != nil {
		return err
	}
	if restored.State.LastSeq != r.stream.Last {
		return fmt.Errorf("it ends at message %d, the backup at message %d", restored.State.LastSeq, r.stream.Last)
	}
	return nil
}

// ask sends a request and decodes the answer, which may tell of an error.
func (r *restoring) ask(ctx context.Context, subject string, request []byte, into any) error {
	ctx, cancel := context.WithTimeoutCause(ctx, answerTimeout, fmt.Errorf("the broker did not answer within %s", answerTimeout))
	defer cancel()
	m, err := r.nc.RequestWithContext(ctx, subject, request)
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return err
	}
	var failed struct {
		Error *jetstream.APIError `json:"error"`
	}
	if len(m.Data) > 0 {
		if err := json.Unmarshal(m.Data, &failed); err != nil {
			return fmt.Errorf("read the broker's answer: %w", err)
		}
	}
	if failed.Error != nil {
		return failed.Error
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(m.Data, into)
}

// write writes the archive: the state, the consumers, the messages, and a mark of the end.
func (r *restoring) write(ctx context.Context, to io.Writer, state map[string]any) error {
	packed := s2.NewWriter(to)
	defer packed.Close()
	w := archive.NewWriter(packed)
	add := func(name string, value any) error {
		text, err := json.Marshal(value)
		if err != nil {
			return err
		}
		return (&message{subject: name, body: text, at: time.Unix(0, 0)}).write(w)
	}
	if err := add("state.json", state); err != nil {
		return err
	}
	for _, c := range r.consumers {
		place := map[string]uint64{"consumer_seq": c.AckFloor.Consumer, "stream_seq": min(c.AckFloor.Stream, r.stream.Last)}
		err := add("consumers/"+c.Config.Durable, map[string]any{"config": c.Config, "state": map[string]any{"delivered": place, "ack_floor": place}})
		if err != nil {
			return err
		}
	}
	done := uint64(0)
	for _, segment := range r.segments {
		err := segment.read(r.dir, func(m *message) error {
			if m.sequence < r.stream.First {
				return nil // it had expired
			}
			if done++; done%progressEvery == 0 {
				r.progress(Progress{Stream: r.stream.Name, Messages: done, Of: r.stream.Messages})
			}
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return m.write(w)
		})
		if err != nil {
			return err
		}
	}
	r.progress(Progress{Stream: r.stream.Name, Messages: done, Of: done})
	if err := w.WriteHeader(&archive.Header{}); err != nil {
		return err
	}
	return packed.Close()
}
