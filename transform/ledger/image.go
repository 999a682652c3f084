package ledger

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/fxamacker/cbor/v2"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

// Image is everything that a ledger holds at one basis, to be written down. Messages that are
// folded in later do not change it. Close it after use, as a [View].
type Image struct {
	Extent
	view        *View
	head        imageHead
	submissions []foldedSubmission
	confirmed   []confirmation
	keys        []folderOfKey
	contents    []keyedContent
	codes       [][catalogue.EntityCodeLength]byte
	periods     []*periodCells
	lists       map[*cellFigures]*listed
}

// Extent is how far into the log a ledger goes.
type Extent struct {
	// Basis is the highest sequence of ACCEPTED folded in, and Rows how many accepted rows.
	Basis, Rows uint64
	// Latest is the latest instant, in Unix milliseconds, at which anything of it was received
	// or decided.
	Latest int64
}

// Within reports whether nothing up to there is beyond the moment.
func (e Extent) Within(m Moment) bool {
	return (m.Basis == 0 || e.Basis <= m.Basis) && (m.Received.IsZero() || e.Latest <= m.Received.UnixMilli())
}

// imageHead is what of an image is no long column.
type imageHead struct {
	Extent         Extent
	Editions       []imageEdition // but the first, with which the ledger began
	Rules          string
	Units          []string
	Areas          []string
	Indicators     []string // by number
	LastOnSubject  map[string]uint64
	Locked         []catalogue.Period
	Reopened       []event.Decision
	Withdrawn      []imageWithdrawal
	Unreadable     map[uint64]string
	Holds          []*Hold
	Corrections    []imageCorrection
	TakenBack      []imageCorrection // in the same form
	EntityNames    []string
	Submissions    int
	Confirmations  int
	Keys, Contents int
	Entities       int
	Periods        []catalogue.Period
}

type imageEdition struct {
	Sequence uint64
	Text     string
}

type imageWithdrawal struct {
	Area  int
	Item  Item
	Times uint8
}

// folderOfKey is the submission, by number, that a sender's key stands for.
type folderOfKey struct {
	hash   keyHash
	number uint32
}

// keyedContent is a submission with a key, by number, and the id of its content.
type keyedContent struct {
	content event.SubmissionID
	number  uint32
}

// imageModes encode and decode a head; times keep their nanoseconds.
func imageModes() (cbor.EncMode, cbor.DecMode, error) {
	encoding, err := cbor.EncOptions{Time: cbor.TimeRFC3339NanoUTC}.EncMode()
	if err != nil {
		return nil, nil, err
	}
	decoding, err := cbor.DecOptions{MaxArrayElements: maxImageElements, MaxMapPairs: maxImageElements}.DecMode()
	return encoding, decoding, err
}

// maxImageElements bounds the holds, names and subjects of an image.
const maxImageElements = 64 << 20

// Extent returns how far into the log the ledger goes.
func (l *Ledger) Extent() Extent {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.extent()
}

func (l *Ledger) extent() Extent { return Extent{Basis: l.basis, Rows: l.rows, Latest: l.latest} }

// Image returns what the ledger holds now. Figures are copied only as they change, all else is
// copied here, which takes milliseconds for each million submissions.
func (l *Ledger) Image() *Image {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := &Image{Extent: l.extent(), view: l.newView(), submissions: l.submissions, confirmed: l.confirmations, codes: l.entities.codes, lists: map[*cellFigures]*listed{}}
	for hash, number := range l.keyHolders {
		i.keys = append(i.keys, folderOfKey{hash, number})
	}
	for content, numbers := range l.keyed {
		for _, number := range numbers {
			i.contents = append(i.contents, keyedContent{content, number})
		}
	}
	i.head = imageHead{
		Extent: i.Extent, Rules: l.rules, Units: l.units, Areas: l.areas, Indicators: make([]string, len(l.indicators)), LastOnSubject: maps.Clone(l.lastOnSubject),
		Locked: slices.Collect(maps.Keys(l.locked)), Reopened: l.reopened, Holds: slices.Collect(maps.Values(l.holds)), EntityNames: l.entities.names,
		Submissions: len(i.submissions), Confirmations: len(i.confirmed), Keys: len(i.keys), Contents: len(i.contents), Entities: len(i.codes),
	}
	for _, e := range l.editions[1:] {
		i.head.Editions = append(i.head.Editions, imageEdition{e.sequence, e.Text()})
	}
	for id, indicator := range l.indicators {
		i.head.Indicators[indicator.number] = id
	}
	for of, times := range l.withdrawn {
		i.head.Withdrawn = append(i.head.Withdrawn, imageWithdrawal{of.area, of.item, times})
	}
	i.head.Corrections, i.head.TakenBack = imageCorrections(l.corrections), imageTakenBack(l.takenBack)
	for sequence, why := range l.unreadable {
		if i.head.Unreadable == nil {
			i.head.Unreadable = map[uint64]string{}
		}
		i.head.Unreadable[sequence] = why.Error()
	}
	for period, of := range l.periods {
		i.head.Periods = append(i.head.Periods, period)
		i.periods = append(i.periods, &periodCells{period, slices.Clone(of.cells)})
		for _, c := range of.cells {
			if c != nil && c.list != nil {
				i.lists[c] = &listed{claims: slices.Clone(c.list.claims), areas: slices.Clone(c.list.areas), plain: slices.Clone(c.list.plain)}
			}
		}
	}
	return i
}

// Close ends the image.
func (i *Image) Close() { i.view.Close() }

// Write writes the image down. It does not hold up who folds in messages meanwhile.
func (i *Image) Write(to io.Writer) error {
	encoding, _, err := imageModes()
	if err != nil {
		return err
	}
	head, err := encoding.Marshal(&i.head)
	if err != nil {
		return fmt.Errorf("encode the ledger: %w", err)
	}
	w := &imageWriter{w: bufio.NewWriterSize(to, 1<<20)}
	w.count(len(head))
	w.bytes(head)
	for n := range i.submissions {
		w.submission(&i.submissions[n])
	}
	for _, c := range i.confirmed {
		w.uint32(c.setter)
		w.uint32(c.latest)
	}
	for _, k := range i.keys {
		w.bytes(k.hash[:])
		w.uint32(k.number)
	}
	for _, k := range i.contents {
		w.bytes(k.content[:])
		w.uint32(k.number)
	}
	for n := range i.codes {
		w.bytes(i.codes[n][:])
	}
	for _, of := range i.periods {
		i.writePeriod(w, of)
	}
	return cmp.Or(w.err, w.w.Flush())
}

// cellsAtOnce is how many cells are copied before others may fold again.
const cellsAtOnce = 256

// writePeriod writes the cells of a period: the number of each from 1, and 0 after the last.
func (i *Image) writePeriod(w *imageWriter, of *periodCells) {
	for first := 0; first < len(of.cells); first += cellsAtOnce {
		i.view.ledger.mu.RLock()
		for number, c := range of.cells[first:min(first+cellsAtOnce, len(of.cells))] {
			if c == nil {
				continue
			}
			figures, list := i.view.figuresOf(c), i.lists[c]
			if len(figures) == 0 && list == nil {
				continue // first reported since
			}
			w.uint32(uint32(first + number + 1))
			w.figures(figures)
			if list == nil {
				w.count(0)
				continue
			}
			w.list(list)
		}
		i.view.ledger.mu.RUnlock()
	}
	w.uint32(0)
}

// Restore puts an image in the place of what the ledger holds, which has to be empty. After an
// error the ledger is empty. The catalogue with which the ledger was made has to be the one
// with which the image's began.
func (l *Ledger) Restore(from io.Reader) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.basis > 0 || len(l.submissions) > 0 {
		return fmt.Errorf("restore a ledger that holds messages up to %d", l.basis)
	}
	first := l.catalogue
	err := l.restore(&imageReader{r: bufio.NewReaderSize(from, 1<<20)})
	if err != nil {
		l.reset(first)
		return fmt.Errorf("read the ledger: %w", err)
	}
	close(l.advanced)
	l.advanced = make(chan struct{})
	return nil
}

func (l *Ledger) restore(r *imageReader) error {
	_, decoding, err := imageModes()
	if err != nil {
		return err
	}
	var head imageHead
	text := r.bytes(r.count())
	if r.err != nil {
		return r.err
	}
	if err := decoding.Unmarshal(text, &head); err != nil {
		return err
	}
	if err := l.restoreHead(&head); err != nil {
		return err
	}
	l.restoreSubmissions(r, &head)
	for range head.Entities {
		code := [catalogue.EntityCodeLength]byte(r.fixed(catalogue.EntityCodeLength))
		l.entities.numbers[code] = uint32(len(l.entities.codes))
		l.entities.codes = append(l.entities.codes, code)
	}
	for _, period := range head.Periods {
		if r.err == nil {
			l.restorePeriod(r, period)
		}
	}
	return cmp.Or(r.err, r.end())
}

// restoreHead takes over the head: words first, since catalogues and figures refer to them.
func (l *Ledger) restoreHead(head *imageHead) error {
	l.basis, l.rows, l.latest, l.rules = head.Extent.Basis, head.Extent.Rows, head.Extent.Latest, head.Rules
	for _, name := range head.Units {
		if _, err := l.unitNumber(name); err != nil {
			return err
		}
	}
	for _, code := range head.Areas {
		l.areaNumber(code)
	}
	for _, e := range head.Editions {
		c, err := catalogue.Parse([]byte(e.Text))
		if err != nil {
			return err
		}
		l.catalogue, l.editions = c, append(l.editions, placedCatalogue{e.Sequence, c})
	}
	for _, id := range head.Indicators {
		l.indicator(id)
	}
	l.lastOnSubject = head.LastOnSubject
	for _, period := range head.Locked {
		l.locked[period] = true
	}
	l.reopened = head.Reopened
	for _, w := range head.Withdrawn {
		of := areaItem{w.Area, w.Item}
		l.countWithdrawal(of)
		l.withdrawn[of] = w.Times
	}
	for sequence, why := range head.Unreadable {
		if l.unreadable == nil {
			l.unreadable = map[uint64]error{}
		}
		l.unreadable[sequence] = event.Permanentf("%s", why)
	}
	l.restoreHolds(head.Holds)
	l.restoreCorrections(head.Corrections)
	l.restoreTakenBack(head.TakenBack)
	l.entities.numbers = make(map[[catalogue.EntityCodeLength]byte]uint32, head.Entities)
	for _, name := range head.EntityNames {
		l.entities.nameNumber(name)
	}
	return nil
}

// restoreHolds takes over the figures that were held, and those of them that still are or were decided.
func (l *Ledger) restoreHolds(holds []*Hold) {
	for _, h := range holds {
		if l.holds == nil {
			l.holds = map[event.HoldID]*Hold{}
		}
		h.ReceivedAt = h.ReceivedAt.UTC()
		for i := range h.Explanations {
			h.Explanations[i].At = h.Explanations[i].At.UTC()
		}
		if h.Decision != nil {
			h.Decision.At = h.Decision.At.UTC()
		}
		l.holds[h.ID] = h
		l.noteHeld(h.Cell)
		if h.State != HoldPending {
			continue
		}
		if l.held == nil {
			l.held = heldFigures{}
		}
		l.held[h.Cell] = append(l.held[h.Cell], h)
	}
	for _, of := range l.held {
		slices.SortFunc(of, func(a, b *Hold) int { return a.compare(b.Area, b.Item().Entity) })
	}
	l.restoreDecided()
}

func (l *Ledger) restoreSubmissions(r *imageReader, head *imageHead) {
	l.submissions = make([]foldedSubmission, 0, min(head.Submissions, maxImageElements))
	l.submissionNumbers = make(map[event.SubmissionID]uint32, min(head.Submissions, maxImageElements))
	for n := range head.Submissions {
		s := r.submission()
		if r.err != nil {
			return
		}
		l.submissions = append(l.submissions, s)
		l.submissionNumbers[s.id] = uint32(n)
	}
	for range head.Confirmations {
		c := confirmation{setter: r.uint32()}
		c.latest = r.uint32()
		if r.err != nil {
			return
		}
		l.confirmations = append(l.confirmations, c)
	}
	if head.Keys > 0 || head.Contents > 0 {
		l.keyHolders, l.keyed = map[keyHash]uint32{}, map[event.SubmissionID][]uint32{}
	}
	for range head.Keys {
		hash := keyHash(r.fixed(len(keyHash{})))
		l.keyHolders[hash] = r.uint32()
	}
	for range head.Contents {
		content := event.SubmissionID(r.fixed(len(event.SubmissionID{})))
		l.keyed[content] = append(l.keyed[content], r.uint32())
	}
}

// restorePeriod reads the cells of a period.
func (l *Ledger) restorePeriod(r *imageReader, period catalogue.Period) {
	byNumber := make([]*numberedIndicator, len(l.indicators))
	for _, indicator := range l.indicators {
		byNumber[indicator.number] = indicator
	}
	of := l.period(period)
	for {
		number := int(r.uint32())
		if number == 0 || r.err != nil {
			return
		}
		if number > len(byNumber) {
			r.fail(fmt.Errorf("indicator %d of %d", number, len(byNumber)))
			return
		}
		c := l.cellOf(byNumber[number-1], of)
		c.figures = r.figures()
		if c.list = r.list(); c.list != nil {
			c.list.lastDay = catalogue.DayOf(period.LastDay())
		}
	}
}

// received notes when something of the log was received or decided, in Unix milliseconds.
func (l *Ledger) received(at int64) { l.latest = max(l.latest, at) }
