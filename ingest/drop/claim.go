package drop

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/citytally/citytally/ingest"
	"github.com/citytally/citytally/ingest/event"
)

// The modes of what is made in a folder; the umask of the program narrows them.
const (
	dirMode  = 0o770
	fileMode = 0o660
)

// claim is a file in .taken.
type claim struct {
	*folder
	id, name string
	// place is where in SUBMISSIONS its submission would be, or behind.
	place uint64
	sighting
	sum       string
	delivered *ingest.Delivered // once it has a receipt
	// next is when it is tried again, after a pause.
	next  time.Time
	pause time.Duration
}

func (c *claim) file() string { return path.Join(takenDir, c.id, c.name) }

// verdictWait is how long a look at a folder waits for verdicts; those that come later are found
// at a later look.
const verdictWait = 3 * time.Second

// deliver sends every claimed file that has settled, in the order of the claims, and brings those
// with a verdict to their end. Only an error of a step is returned.
func (f *folder) deliver(ctx context.Context, root *os.Root) error {
	claims := slices.SortedFunc(maps.Values(f.claims), func(a, b *claim) int {
		return cmp.Or(cmp.Compare(a.place, b.place), a.info.ModTime().Compare(b.info.ModTime()), cmp.Compare(a.id, b.id))
	})
	for _, c := range claims {
		if c.delivered != nil || f.now().Before(c.next) {
			continue
		}
		if err := c.send(ctx, root); err != nil {
			if err = c.failed(root, err); err != nil {
				return err
			}
		}
	}
	until := time.Now().Add(verdictWait)
	for _, c := range claims {
		if c.delivered == nil || f.now().Before(c.next) || !c.delivered.Judged(ctx, max(time.Until(until), 50*time.Millisecond)) {
			continue
		}
		if err := c.finish(ctx, root); err != nil {
			if err = c.failed(root, err); err != nil {
				return err
			}
		}
	}
	return nil
}

// stepError is an error of a step, which ends the watcher.
type stepError struct{ error }

func (c *claim) step(name string) error {
	if err := c.reached(name); err != nil {
		return stepError{err}
	}
	return nil
}

// longestPause is the longest pause between attempts at a file.
const longestPause = time.Minute

// failed ends a file that cannot be sent, and has any other tried again after a pause.
func (c *claim) failed(root *os.Root, err error) error {
	if step, ok := errors.AsType[stepError](err); ok {
		return step.error
	}
	if problem, ok := errors.AsType[*ingest.Problem](err); ok && !ingest.Passing(err) {
		if err = c.refuse(root, problem); err == nil {
			return nil
		}
		if step, ok := errors.AsType[stepError](err); ok {
			return step.error
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		delete(c.claims, c.id) // another instance has brought it to its end
		return nil
	}
	c.pause = min(max(2*c.pause, c.config.Every), longestPause)
	c.next = c.now().Add(c.pause)
	c.trouble(c.path+"/"+c.file(), fmt.Errorf("is tried again: %w", err))
	return nil
}

// send reads the file, if it is whole, and delivers it.
func (c *claim) send(ctx context.Context, root *os.Root) error {
	content, whole, err := c.read(root)
	if err != nil || !whole {
		return err
	}
	sum := sha256.Sum256(content)
	c.sum = hex.EncodeToString(sum[:])
	delivered, err := c.gateway.Deliver(ctx, ingest.Delivery{
		Content: content, Area: c.area, Dataset: c.dataset, File: strings.ToValidUTF8(c.name, "?"), Way: Way, Since: c.place,
	})
	if err != nil {
		return err
	}
	if err := c.step("sent"); err != nil {
		return err
	}
	c.delivered = delivered
	return nil
}

// read returns the file's content, of a large one the beginning. It reports false while the file
// changes or somebody writes to it, who had it open when it was renamed.
func (c *claim) read(root *os.Root) (content []byte, whole bool, err error) {
	f, err := root.OpenFile(c.file(), os.O_RDONLY|nonBlocking, 0)
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	before, err := f.Stat()
	if err != nil {
		return nil, false, err
	}
	if !before.Mode().IsRegular() {
		return nil, false, errors.New("is no file")
	}
	if !same(before, c.info) {
		c.sighting = sighting{before, c.now()}
	}
	if !c.settled(&c.sighting) {
		return nil, false, nil
	}
	var read bytes.Buffer
	read.Grow(int(min(before.Size(), c.maxBody)) + bytes.MinRead)
	if _, err := read.ReadFrom(io.LimitReader(f, c.maxBody+1)); err != nil {
		return nil, false, err
	}
	after, err := f.Stat()
	if err != nil {
		return nil, false, err
	}
	if !same(before, after) || IsBeingWritten(f) {
		c.sighting = sighting{after, c.now()}
		return nil, false, nil
	}
	return read.Bytes(), true, nil
}

// refuse moves a file of which nothing was taken, with the reason beside it.
func (c *claim) refuse(root *os.Root, problem *ingest.Problem) error {
	var text bytes.Buffer
	zh, en := c.advice(problem)
	fmt.Fprintf(&text, "%s\n\n未接收任何数据：%s%s\n\nNothing was taken: %s%s\n", c.name, problem.Chinese(), zh, problem.Error(), en)
	return c.move(root, refusedDir, text.String(), nil)
}

// advice says what to do with a file that names no dataset and lay in no folder of one.
func (c *claim) advice(problem *ingest.Problem) (zh, en string) {
	without := func(e ingest.ProblemError) bool { return e.Field == "dataset" && e.Seen == "" }
	if c.dataset != "" || !slices.ContainsFunc(problem.Errors, without) {
		return "", ""
	}
	example := c.area + "/" + c.gateway.Catalogue().Datasets[0].ID
	return "\n请把文件放入以报表代码命名的文件夹（没有就新建一个），如 " + example + "；或在表中加“数据集”列。",
		"\nPut the file into the folder of its dataset, such as " + example + ", and make that where there is none; or name it in a column \"dataset\"."
}

// finish moves a file that was judged, with its verdict beside it.
func (c *claim) finish(ctx context.Context, root *os.Root) error {
	receipts := c.delivered.Receipts()
	dir := doneDir
	var text bytes.Buffer
	fmt.Fprintf(&text, "%s\n\n", c.name)
	whole := ingest.Merge(receipts)
	for _, english := range []bool{false, true} {
		for i := range whole {
			c.tell(&text, &whole[i], english)
		}
		text.WriteString("\n")
	}
	var books [][]byte
	for i := range receipts {
		v := receipts[i].Verdict
		if receipts[i].Status != string(event.AllAccepted) {
			dir = refusedDir
		}
		if len(v.Findings) == 0 || len(books) == maxBooks {
			continue
		}
		book, err := c.gateway.Workbook(ctx, &receipts[i], false)
		if err != nil && ingest.Passing(err) {
			return err
		}
		if err == nil {
			books = append(books, book)
		}
	}
	return c.move(root, dir, text.String(), books)
}

// maxBooks is how many workbooks with findings stand beside a file, of which parts have one each.
const maxBooks = 10

// move writes the verdict and then moves the file. Whoever does it again after a kill writes the
// same names.
func (c *claim) move(root *os.Root, dir, text string, books [][]byte) error {
	if err := root.Mkdir(dir, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if info, err := root.Lstat(dir); err != nil || !info.IsDir() {
		return errors.Join(fmt.Errorf("%s is no directory", dir), err)
	}
	stem, ending := split(c.name)
	base := path.Join(dir, fmt.Sprintf("%s.%s-%s", stem, c.info.ModTime().In(c.gateway.Catalogue().Zone()).Format("20060102-150405"), c.sum[:8]))
	for i, book := range books {
		name := base + ".verdict.xlsx"
		if i > 0 {
			name = fmt.Sprintf("%s.verdict-%d.xlsx", base, i+1)
		}
		if err := write(root, name, book); err != nil {
			return err
		}
	}
	// Editors on Windows want the mark and their own line ends.
	if err := write(root, base+".verdict.txt", []byte("\ufeff"+strings.ReplaceAll(text, "\n", "\r\n"))); err != nil {
		return err
	}
	if err := c.step("told"); err != nil {
		return err
	}
	if err := root.Rename(c.file(), base+ending); err != nil {
		return err
	}
	_ = root.Remove(path.Join(takenDir, c.id))
	delete(c.claims, c.id)
	c.trouble(c.path+"/"+c.file(), nil)
	c.metrics.files.WithLabelValues(c.area, dir).Inc()
	return c.step("moved")
}

// write makes a file durable under its name, whole or not at all.
func write(root *os.Root, name string, content []byte) error {
	dir, base := path.Split(name)
	hidden := dir + "." + base
	f, err := root.OpenFile(hidden, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|noFollow, fileMode)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return root.Rename(hidden, name)
}

func isEnd(err error) bool { return errors.Is(err, io.EOF) }
