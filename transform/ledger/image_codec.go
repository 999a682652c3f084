package ledger

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

// The columns of an image are numbers of fixed width, the lowest byte first.

// imageWriter writes columns. It keeps the first error and then writes nothing.
type imageWriter struct {
	w       *bufio.Writer
	scratch [40]byte
	err     error
}

func (w *imageWriter) bytes(b []byte) {
	if w.err == nil {
		_, w.err = w.w.Write(b)
	}
}

func (w *imageWriter) uint32(n uint32) {
	binary.LittleEndian.PutUint32(w.scratch[:], n)
	w.bytes(w.scratch[:4])
}

func (w *imageWriter) count(n int) { w.uint32(uint32(n)) }

func (w *imageWriter) submission(s *foldedSubmission) {
	b := w.scratch[:]
	copy(b, s.id[:])
	binary.LittleEndian.PutUint64(b[16:], s.sequence)
	binary.LittleEndian.PutUint64(b[24:], s.acceptedSequence)
	binary.LittleEndian.PutUint32(b[32:], s.rows)
	binary.LittleEndian.PutUint32(b[36:], s.before)
	w.bytes(b)
}

func (w *imageWriter) figures(figures []packedFigure) {
	w.count(len(figures))
	for i := range figures {
		f, b := &figures[i], w.scratch[:16]
		binary.LittleEndian.PutUint64(b, uint64(f.coefficient))
		binary.LittleEndian.PutUint32(b[8:], f.source)
		b[12], b[13], b[14], b[15] = f.scaleAndQualifier, f.stageAndStatus, f.epoch, f.unit
		w.bytes(b)
	}
}

// list writes a list: its claims, of which there is at least one, its areas, and the figures
// beside them. Which claim is the first of an entity follows.
func (w *imageWriter) list(s *listed) {
	w.count(len(s.claims))
	for i := range s.claims {
		c, b := &s.claims[i], w.scratch[:]
		binary.LittleEndian.PutUint64(b, c.since)
		binary.LittleEndian.PutUint32(b[8:], uint32(c.from))
		binary.LittleEndian.PutUint32(b[12:], uint32(c.to))
		binary.LittleEndian.PutUint32(b[16:], c.entity)
		binary.LittleEndian.PutUint32(b[20:], c.name)
		binary.LittleEndian.PutUint32(b[24:], c.submission)
		binary.LittleEndian.PutUint32(b[28:], c.next)
		binary.LittleEndian.PutUint16(b[32:], c.area)
		binary.LittleEndian.PutUint16(b[34:], c.registered)
		b[36], b[37], b[38], b[39] = c.epoch, c.stageAndStatus, 0, 0
		w.bytes(b)
	}
	w.count(len(s.areas))
	for i := range s.areas {
		a := &s.areas[i]
		for _, n := range [...]int32{a.inForce, a.valid, a.counted} {
			w.uint32(uint32(n))
		}
		for _, n := range a.stages {
			w.uint32(uint32(n))
		}
		w.uint32(a.latest)
		begun := uint32(0)
		if a.begun {
			begun = 1
		}
		w.uint32(uint32(a.unit)<<1 | begun)
	}
	w.figures(s.plain)
}

// imageReader reads what imageWriter writes. It keeps the first error and then reads zeros.
type imageReader struct {
	r       *bufio.Reader
	scratch [40]byte
	slab    []packedFigure // of which cells take theirs
	err     error
}

func (r *imageReader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// fixed reads at most 40 bytes, which are good until the next call.
func (r *imageReader) fixed(n int) []byte {
	b := r.scratch[:n]
	if r.err == nil {
		_, r.err = io.ReadFull(r.r, b)
	}
	if r.err != nil {
		clear(b)
	}
	return b
}

func (r *imageReader) uint32() uint32 { return binary.LittleEndian.Uint32(r.fixed(4)) }

// maxCount bounds what one count can be, so that a wrong one does not take all memory.
const maxCount = 1 << 28

func (r *imageReader) count() int {
	n := r.uint32()
	if n > maxCount {
		r.fail(fmt.Errorf("a count of %d", n))
		return 0
	}
	return int(n)
}

func (r *imageReader) bytes(n int) []byte {
	b := make([]byte, n)
	if r.err == nil {
		_, r.err = io.ReadFull(r.r, b)
	}
	return b
}

// end returns an error unless everything has been read.
func (r *imageReader) end() error {
	if _, err := r.r.ReadByte(); !errors.Is(err, io.EOF) {
		return errors.New("more follows than belongs to it")
	}
	return nil
}

func (r *imageReader) submission() (s foldedSubmission) {
	b := r.fixed(40)
	return foldedSubmission{
		id: event.SubmissionID(b[:16]), sequence: binary.LittleEndian.Uint64(b[16:]), acceptedSequence: binary.LittleEndian.Uint64(b[24:]),
		rows: binary.LittleEndian.Uint32(b[32:]), before: binary.LittleEndian.Uint32(b[36:]),
	}
}

// slabFigures is how many figures are allocated at once: 1 MiB.
const slabFigures = 1 << 16

func (r *imageReader) figures() []packedFigure {
	n := r.count()
	if n == 0 || r.err != nil {
		return nil
	}
	if n > len(r.slab) {
		r.slab = make([]packedFigure, max(n, slabFigures))
	}
	var figures []packedFigure
	figures, r.slab = r.slab[:n:n], r.slab[n:]
	for i := range figures {
		b := r.fixed(16)
		figures[i] = packedFigure{
			coefficient: int64(binary.LittleEndian.Uint64(b)), source: binary.LittleEndian.Uint32(b[8:]),
			scaleAndQualifier: b[12], stageAndStatus: b[13], epoch: b[14], unit: b[15],
		}
	}
	return figures
}

// list returns nil where there is none.
func (r *imageReader) list() *listed {
	n := r.count()
	if n == 0 || r.err != nil {
		return nil
	}
	s := &listed{first: map[uint32]uint32{}}
	for i := range n {
		b := r.fixed(40)
		if r.err != nil {
			return nil
		}
		c := claim{
			since: binary.LittleEndian.Uint64(b), from: catalogue.Day(binary.LittleEndian.Uint32(b[8:])), to: catalogue.Day(binary.LittleEndian.Uint32(b[12:])),
			entity: binary.LittleEndian.Uint32(b[16:]), name: binary.LittleEndian.Uint32(b[20:]), submission: binary.LittleEndian.Uint32(b[24:]),
			next: binary.LittleEndian.Uint32(b[28:]), area: binary.LittleEndian.Uint16(b[32:]), registered: binary.LittleEndian.Uint16(b[34:]),
			epoch: b[36], stageAndStatus: b[37],
		}
		s.claims = append(s.claims, c)
		s.first[c.entity] = uint32(i + 1) // an entity's newest claim is its first
	}
	s.areas = make([]listedArea, min(r.count(), maxUnits<<8))
	for i := range s.areas {
		a := &s.areas[i]
		a.inForce, a.valid, a.counted = int32(r.uint32()), int32(r.uint32()), int32(r.uint32())
		for stage := range a.stages {
			a.stages[stage] = int32(r.uint32())
		}
		a.latest = r.uint32()
		last := r.uint32()
		a.unit, a.begun = uint8(last>>1), last&1 == 1
	}
	s.plain = r.figures()
	return s
}

// imageCorrection is a correction that stands, or a figure that was taken back, with the fields
// of its packed figure.
type imageCorrection struct {
	Area                                           int
	Item                                           Item
	Coefficient                                    int64
	Source                                         uint32
	ScaleAndQualifier, StageAndStatus, Epoch, Unit uint8
	Entity                                         *event.ListedEntity
}

func imageOf(of areaItem, f *packedFigure) imageCorrection {
	return imageCorrection{of.area, of.item, f.coefficient, f.source, f.scaleAndQualifier, f.stageAndStatus, f.epoch, f.unit, nil}
}

func (c *imageCorrection) packed() packedFigure {
	return packedFigure{
		coefficient: c.Coefficient, source: c.Source, scaleAndQualifier: c.ScaleAndQualifier, stageAndStatus: c.StageAndStatus, epoch: c.Epoch, unit: c.Unit,
	}
}

func imageCorrections(standing map[areaItem]packedCorrection) (all []imageCorrection) {
	for of, c := range standing {
		one := imageOf(of, &c.replaced.packedFigure)
		one.Entity = c.replaced.entity
		all = append(all, one)
	}
	return all
}

func imageTakenBack(kept map[areaItem]packedFigure) (all []imageCorrection) {
	for of, f := range kept {
		all = append(all, imageOf(of, &f))
	}
	return all
}

func (l *Ledger) restoreCorrections(standing []imageCorrection) {
	for _, c := range standing {
		if l.corrections == nil {
			l.corrections = map[areaItem]packedCorrection{}
		}
		l.corrections[areaItem{c.Area, c.Item}] = packedCorrection{stated{c.packed(), c.Entity}}
	}
}

func (l *Ledger) restoreTakenBack(kept []imageCorrection) {
	for _, c := range kept {
		if l.takenBack == nil {
			l.takenBack = map[areaItem]packedFigure{}
		}
		l.takenBack[areaItem{c.Area, c.Item}] = c.packed()
	}
}
