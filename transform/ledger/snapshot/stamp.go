package snapshot

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/ledger"
)

// stamp says of what a snapshot is.
type stamp struct {
	// Program is the SHA-256 of the program that wrote it: another one may fold otherwise.
	Program string `json:"program"`
	// Catalogue is the version of the one in force from the log's beginning on.
	Catalogue string `json:"catalogue"`
	// Log is the id and the generation of the log.
	Log stream.Identity `json:"log"`
	// Created is when ACCEPTED was created, and Lacks how many sequences up to its end it had no message of:
	// more, and it has lost one.
	Created time.Time `json:"created"`
	Lacks   uint64    `json:"lacks"`
	ledger.Extent
	// Message is the SHA-256 of the message at the basis, and StoredAt when it was stored.
	Message  string    `json:"message"`
	StoredAt time.Time `json:"stored_at"`
}

// refusedError says why a snapshot is not used.
type refusedError struct{ why string }

func (e *refusedError) Error() string { return e.why }

func lacks(e *stream.Extent) uint64 { return e.Last - e.Messages }

// newStamp returns the stamp of a ledger that goes up to an extent; false where the log does not
// have the message there.
func (s *Store) newStamp(ctx context.Context, log *stream.Log, l *ledger.Ledger, of ledger.Extent) (*stamp, bool, error) {
	present, err := log.Extent(ctx, stream.Accepted)
	if err != nil {
		return nil, false, err
	}
	identity, err := log.Identity(ctx)
	if err != nil {
		return nil, false, err
	}
	sum, at, err := messageAt(ctx, log, of.Basis)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	return &stamp{Program: s.program, Catalogue: l.FirstCatalogue().Version(), Log: identity, Created: present.Created, Lacks: lacks(&present), Extent: of, Message: sum, StoredAt: at}, true, nil
}

// messageAt returns the SHA-256 of the message at a sequence of ACCEPTED, and when it was stored.
func messageAt(ctx context.Context, log *stream.Log, sequence uint64) (string, time.Time, error) {
	if sequence == 0 {
		return "", time.Time{}, jetstream.ErrMsgNotFound
	}
	m, err := log.Get(ctx, stream.Accepted, sequence)
	if err != nil {
		return "", time.Time{}, err
	}
	sum := sha256.Sum256(append([]byte(m.Subject+"\n"), m.Data...))
	return hex.EncodeToString(sum[:]), m.Time.UTC(), nil
}

// checkStamp returns why a snapshot with a stamp is not one of this program, this catalogue and
// the log as it is now; or that the log cannot be asked.
func (s *Store) checkStamp(ctx context.Context, log *stream.Log, l *ledger.Ledger, of *stamp, basis uint64, present *stream.Extent) error {
	identity, err := log.Identity(ctx)
	if err != nil {
		return err
	}
	switch {
	case of.Log.ID != identity.ID:
		return &refusedError{"it is of another log"}
	case of.Log.Generation > identity.Generation:
		return &refusedError{"an older copy of the log was put back since"}
	case of.Program != s.program:
		return &refusedError{"another version of the program wrote it"}
	case of.Catalogue != l.FirstCatalogue().Version():
		return &refusedError{"it began with another catalogue"}
	case !of.Created.Equal(present.Created):
		return &refusedError{"ACCEPTED was put back or created anew since"}
	case of.Basis != basis:
		return &refusedError{"it bears the name of another one"}
	case of.Basis > present.Last:
		return &refusedError{"the log ends before it"}
	case of.Lacks != lacks(present):
		return &refusedError{"the log has lost messages since"}
	}
	sum, at, err := messageAt(ctx, log, basis)
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return &refusedError{"the log has lost the message at its place"}
	case err != nil:
		return err
	case sum != of.Message || !at.Equal(of.StoredAt):
		return &refusedError{"the log has another message at its place"}
	}
	return nil
}

// magic begins every snapshot.
const magic = "citytally ledger 1\n"

// maxStamp bounds a stamp's text.
const maxStamp = 1 << 16

func (s *Store) code() hash.Hash { return hmac.New(sha256.New, s.secret) }

// seal writes a stamp and what write writes, and the code over both.
func (s *Store) seal(w io.Writer, of *stamp, write func(io.Writer) error) error {
	text, err := json.Marshal(of)
	if err != nil {
		return err
	}
	code := s.code()
	both := io.MultiWriter(w, code)
	head := binary.LittleEndian.AppendUint32([]byte(magic), uint32(len(text)))
	if _, err := both.Write(append(head, text...)); err != nil {
		return err
	}
	if err := write(both); err != nil {
		return err
	}
	_, err = w.Write(code.Sum(nil))
	return err
}

// sealed is a snapshot whose code is right.
type sealed struct {
	stamp
	image io.Reader
}

// unseal reads a whole file and returns what is in it, if its code is right.
func (s *Store) unseal(file *os.File) (*sealed, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, &refusedError{err.Error()}
	}
	code := s.code()
	length := info.Size() - int64(code.Size())
	if length < int64(len(magic))+4 {
		return nil, &refusedError{"it is cut off"}
	}
	told := make([]byte, code.Size())
	_, err = io.CopyBuffer(code, io.NewSectionReader(file, 0, length), make([]byte, 1<<20))
	if err == nil {
		_, err = file.ReadAt(told, length)
	}
	if err != nil {
		return nil, &refusedError{err.Error()}
	}
	if !hmac.Equal(told, code.Sum(nil)) {
		return nil, &refusedError{"it is damaged, or this installation did not write it"}
	}
	content := io.NewSectionReader(file, 0, length)
	head := make([]byte, len(magic)+4)
	if _, err := io.ReadFull(content, head); err != nil || !bytes.HasPrefix(head, []byte(magic)) {
		return nil, &refusedError{"another version of the program wrote it"}
	}
	text := make([]byte, min(binary.LittleEndian.Uint32(head[len(magic):]), maxStamp))
	found := &sealed{image: content}
	if _, err := io.ReadFull(content, text); err != nil {
		return nil, &refusedError{err.Error()}
	}
	if err := json.Unmarshal(text, &found.stamp); err != nil {
		return nil, &refusedError{fmt.Sprintf("its stamp cannot be read: %v", err)}
	}
	return found, nil
}

// thisProgram returns the SHA-256 of the program's file.
var thisProgram = sync.OnceValues(func() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
})
