package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gofrs/flock"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest/stream"
)

// Progress says how far one stream has come.
type Progress struct {
	Stream   string
	Messages uint64 // done
	Of       uint64 // as far as is known; some may be gone by then
}

// Options are the circumstances of a backup.
type Options struct {
	// Program is the version that takes the backup.
	Program string
	// Files are paths of files to copy besides; those that do not exist are left out.
	Files []string
	// Progress, when set, is called from time to time.
	Progress func(Progress)
	Now      func() time.Time
}

// progressEvery is how many messages lie between two calls of Options.Progress.
const progressEvery = 1000

// Take adds a backup of the log to a directory, which is created where there is none. Until it
// has succeeded the directory holds what it held before. It refuses a directory that holds
// another log, and one that holds more than the log does.
func Take(ctx context.Context, js jetstream.JetStream, log *stream.Log, dir string, o Options) (taken *Backup, err error) {
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create backup: %w", err)
	}
	lock := flock.New(filepath.Join(dir, "backup.lock"), flock.SetPermissions(0o600))
	if free, err := lock.TryLock(); err != nil || !free {
		return nil, errors.Join(fmt.Errorf("another backup into %s is under way", dir), err)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	m, err := Read(dir)
	if errors.Is(err, fs.ErrNotExist) {
		m, err = &Manifest{}, nil
	}
	if err != nil {
		return nil, err
	}
	t := &taking{js: js, log: log, dir: dir, options: o, manifest: m}
	if err := t.checkSame(ctx); err != nil {
		return nil, err
	}
	b, err := t.fix(ctx)
	if err != nil {
		return nil, err
	}
	for i := range b.Streams {
		if err := t.copyStream(ctx, &b.Streams[i]); err != nil {
			return nil, fmt.Errorf("copy stream %s: %w", b.Streams[i].Name, err)
		}
	}
	if b.Files, err = copyFiles(dir, o.Files); err != nil {
		return nil, err
	}
	m.Layout, m.Backups = layout, append(m.Backups, *b)
	return b, m.write(dir)
}

// taking is a backup under way.
type taking struct {
	js       jetstream.JetStream
	log      *stream.Log
	dir      string
	options  Options
	manifest *Manifest // of the backups before
}

// OtherLogError says that a directory holds what the log does not.
type OtherLogError struct{ Dir, Why string }

// Error says what differs and what to do.
func (e *OtherLogError) Error() string {
	return fmt.Sprintf("%s holds a backup that this log does not continue: %s; nothing was written. If the log has lost something, restore that backup; "+
		"else take this one into another directory", e.Dir, e.Why)
}

// checkSame returns an error unless the log goes on from the newest backup.
func (t *taking) checkSame(ctx context.Context) error {
	if len(t.manifest.Backups) == 0 {
		return nil
	}
	for _, before := range t.manifest.Newest().Streams {
		other := func(format string, args ...any) error {
			return &OtherLogError{Dir: t.dir, Why: before.Name + " " + fmt.Sprintf(format, args...)}
		}
		s, err := t.js.Stream(ctx, before.Name)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			return other("is absent")
		}
		if err != nil {
			return fmt.Errorf("look at stream %s: %w", before.Name, err)
		}
		if last := s.CachedInfo().State.LastSeq; last < before.Last {
			return other("ends at message %d, the backup at message %d", last, before.Last)
		}
		holes, err := t.log.Holes(ctx, before.Name)
		if err != nil {
			return err
		}
		if lost := stream.Intersect(holes.Empty, []stream.Range{{From: before.First, To: before.Last}}); !before.Whole && stream.Count(lost)+before.Messages > before.Last+1-before.First {
			return other("has lost messages that the backup has, among %s", stream.FormatRanges(lost))
		}
		segments := t.manifest.segments(before.Name)
		if before.Whole || len(segments) == 0 {
			continue
		}
		newest := segments[len(segments)-1].Newest
		m, err := s.GetMsg(ctx, newest.Sequence)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			t.log.Miss(before.Name, stream.Range{From: newest.Sequence, To: newest.Sequence})
			if holes, err = t.log.Holes(ctx, before.Name); err != nil {
				return err
			}
			if lost := slices.Concat(holes.Unreadable, holes.Empty); stream.Count(stream.Intersect(lost, []stream.Range{{From: newest.Sequence, To: newest.Sequence}})) > 0 {
				return other("has lost message %d, which the backup has", newest.Sequence)
			}
			continue // expired, or lost and known as that
		}
		if err != nil {
			return fmt.Errorf("get message %d of %s: %w", newest.Sequence, before.Name, err)
		}
		if sum := sha256.Sum256(m.Data); hex.EncodeToString(sum[:]) != newest.SHA256 || !m.Time.Equal(newest.At) {
			return other("has another message at sequence %d", newest.Sequence)
		}
	}
	return nil
}

// fix fixes one place in every stream.
func (t *taking) fix(ctx context.Context) (*Backup, error) {
	b := &Backup{At: t.options.Now().UTC().Truncate(time.Millisecond), Program: t.options.Program}
	consumers := map[string][]Consumer{}
	for _, name := range order() {
		s, err := t.js.Stream(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("look at stream %s: %w", name, err)
		}
		list := s.ListConsumers(ctx)
		for info := range list.Info() {
			if info.Config.Durable != "" {
				consumers[name] = append(consumers[name], Consumer{Config: info.Config, AckFloor: info.AckFloor})
			}
		}
		if err := list.Err(); err != nil {
			return nil, fmt.Errorf("list consumers of %s: %w", name, err)
		}
	}
	for _, name := range order() {
		s, err := t.js.Stream(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("look at stream %s: %w", name, err)
		}
		info := s.CachedInfo()
		place := Stream{
			Name: name, First: info.State.FirstSeq, Last: info.State.LastSeq, Messages: info.State.Msgs, Whole: isWhole(name),
			Metadata: ownMetadata(info.Config.Metadata), Consumers: consumers[name],
		}
		if place.Messages == 0 {
			place.First = place.Last + 1
		}
		b.Streams = append(b.Streams, place)
	}
	return b, nil
}

// copyStream copies what is new in a stream.
func (t *taking) copyStream(ctx context.Context, s *Stream) error {
	from := s.First
	if !s.Whole && len(t.manifest.Backups) > 0 {
		if before := t.manifest.Newest().Stream(s.Name); before != nil {
			from = max(from, before.Last+1)
		}
	}
	if from > s.Last {
		return nil
	}
	w, err := createSegment(t.dir, s.Name, from, s.Last)
	if err != nil {
		return err
	}
	report := func() {
		t.options.Progress(Progress{Stream: s.Name, Messages: w.segment.Messages, Of: min(s.Messages, s.Last-from+1)})
	}
	read := t.follow
	if s.Name == stream.Commands {
		read = t.get // a work queue has no second reader
	}
	err = read(ctx, s.Name, from, s.Last, func(m *message) error {
		if w.segment.Messages%progressEvery == 0 {
			report()
		}
		return w.add(m)
	})
	if err == nil && !s.Whole {
		err = t.checkRead(ctx, s.Name, max(from, w.segment.Newest.Sequence+1), s.Last)
	}
	if err != nil {
		w.abandon()
		return err
	}
	report()
	s.Segment, err = w.finish()
	return err
}

// DamagedLogError says that a stream has messages that cannot be read.
type DamagedLogError struct {
	Stream string
	Lost   []stream.Range
}

// Error says what is lost and what to do.
func (e *DamagedLogError) Error() string {
	return fmt.Sprintf("%s has messages that cannot be read (%s): the broker's files are damaged; nothing was written, and the directory holds what it held. Put back the newest copy of the broker's data, "+
		"or bring back what the submissions and ClickHouse still tell (citytally replay --from submissions), and take the backup then", e.Stream, stream.FormatRanges(e.Lost))
}

// checkRead returns an error when messages of a stream could not be read, of which nobody has
// accepted the loss; from is the sequence behind the last one that was read.
func (t *taking) checkRead(ctx context.Context, name string, from, to uint64) error {
	if from <= to {
		t.log.Miss(name, stream.Range{From: from, To: to})
	}
	holes, err := t.log.Holes(ctx, name)
	if err != nil || len(holes.Unreadable) == 0 {
		return err
	}
	return &DamagedLogError{Stream: name, Lost: holes.Unreadable}
}

// follow reads messages up to a sequence.
func (t *taking) follow(ctx context.Context, name string, from, to uint64, f func(*message) error) error {
	end := errors.New("all is read")
	next := from
	for next <= to {
		reading, caughtUp := context.WithCancel(ctx)
		err := t.log.Follow(reading, stream.FollowConfig{Stream: name, From: next}, func(d stream.Delivery) error {
			if d.Sequence > to {
				next = to + 1
				return end
			}
			next = d.Sequence + 1
			if err := f(&message{subject: d.Subject, header: encodeHeader(d.Headers()), body: d.Body, sequence: d.Sequence, at: d.StoredAt}); err != nil {
				return err
			}
			if d.Sequence == to {
				return end
			}
			return nil
		}, caughtUp)
		caughtUp()
		switch {
		case errors.Is(err, end):
			return nil
		case err != nil:
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case next > to:
			return nil
		}
		// A replica that is behind has less than there is, and an expired end is no longer there.
		s, err := t.js.Stream(ctx, name)
		if err != nil {
			return err
		}
		if _, err := s.GetMsg(ctx, to); errors.Is(err, jetstream.ErrMsgNotFound) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return nil
}

// ofDirectGet are the headers that the broker adds to an answer.
var ofDirectGet = []string{"Nats-Stream", "Nats-Subject", "Nats-Sequence", "Nats-Time-Stamp", "Nats-Num-Pending", "Nats-Last-Sequence"}

// get reads messages up to a sequence one by one.
func (t *taking) get(ctx context.Context, name string, from, to uint64, f func(*message) error) error {
	s, err := t.js.Stream(ctx, name)
	if err != nil {
		return err
	}
	for sequence := from; sequence <= to; sequence++ {
		m, err := s.GetMsg(ctx, sequence)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		for _, key := range ofDirectGet {
			m.Header.Del(key)
		}
		if err := f(&message{subject: m.Subject, header: encodeHeader(m.Header), body: m.Data, sequence: m.Sequence, at: m.Time}); err != nil {
			return err
		}
	}
	return nil
}

// ownMetadata leaves out what the broker itself keeps in a stream's metadata.
func ownMetadata(all map[string]string) map[string]string {
	own := map[string]string{}
	for key, value := range all {
		if len(key) < 6 || key[:6] != "_nats." {
			own[key] = value
		}
	}
	if len(own) == 0 {
		return nil
	}
	return own
}

// copyFiles copies files by their content; one that the directory has already is not copied again.
func copyFiles(dir string, paths []string) ([]File, error) {
	var files []File
	for _, path := range slices.Compact(slices.Sorted(slices.Values(paths))) {
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("copy %s: %w", path, err)
		}
		sum := sha256.Sum256(text)
		f := File{Name: filepath.Base(path), Path: path, Size: int64(len(text)), SHA256: hex.EncodeToString(sum[:])}
		f.File = "files/" + f.SHA256[:16] + "-" + f.Name
		files = append(files, f)
		to := filepath.Join(dir, filepath.FromSlash(f.File))
		if kept, err := os.ReadFile(to); err == nil && sha256.Sum256(kept) == sum {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return nil, fmt.Errorf("copy %s: %w", path, err)
		}
		if err := writeFile(to, text); err != nil {
			return nil, fmt.Errorf("copy %s: %w", path, err)
		}
	}
	return files, nil
}
