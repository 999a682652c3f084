package grid

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/citytally/citytally/configs/catalogue"
)

// Workbook is an XLSX file. Close releases it.
type Workbook struct {
	book     *excelize.File
	parts    map[string]*zip.File
	limits   Limits
	formats  formats
	date1904 bool
	// texts is the workbook's table of texts.
	texts []string
}

// Sheet is one worksheet of a workbook.
type Sheet struct {
	Name   string
	Hidden bool

	part   *zip.File
	merges []merge
}

const (
	// maxSheets is how many sheets a workbook may have.
	maxSheets = 200
	// maxRelations is how many bytes of the list of a workbook's parts, or of a sheet's comments, are read.
	maxRelations = 1 << 20
)

// OpenWorkbook opens the workbook that data, an archive of the parts, holds. Whether it has
// too much in it is found out before it is unpacked.
func OpenWorkbook(data []byte, parts map[string]*zip.File, limits Limits) (w *Workbook, err error) {
	w = &Workbook{parts: parts, limits: limits.WithDefaults()}
	if err := w.checkParts(); err != nil {
		return nil, err
	}
	if w.book, err = openBook(data, w.limits.Workbook); err != nil {
		return nil, err
	}
	if w.book.WorkBook == nil || len(w.book.WorkBook.Sheets.Sheet) == 0 {
		return nil, errors.Join(brokenWorkbook(), w.Close())
	}
	if n := len(w.book.WorkBook.Sheets.Sheet); n > maxSheets {
		return nil, errors.Join(tooLarge("工作簿有 %d 张工作表，超过 %d 张", "the workbook has %d sheets, more than %d", n, maxSheets), w.Close())
	}
	if pr := w.book.WorkBook.WorkbookPr; pr != nil {
		w.date1904 = pr.Date1904
	}
	w.formats.book = w.book
	if err := w.readTexts(); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

// readTexts reads the table of texts, to whose places cells refer.
func (w *Workbook) readTexts() error {
	for name, part := range w.parts {
		if partName(name) != sharedStrings {
			continue
		}
		content, err := part.Open()
		if err != nil {
			return brokenWorkbook()
		}
		texts, err := sharedTexts(content, w.limits.CellBytes)
		closed := content.Close()
		if problem, ok := errors.AsType[*catalogue.Problem](err); ok {
			return problem
		}
		if err != nil || closed != nil {
			return brokenWorkbook()
		}
		w.texts = texts
	}
	return nil
}

// sharedTexts reads a table of texts. How a text is read aloud is no part of it.
func sharedTexts(r io.Reader, most int) (texts []string, err error) {
	s := newSheetScanner(r)
	s.collect = true
	for {
		name, closing, err := s.element()
		switch {
		case errors.Is(err, io.EOF) && len(s.open) == 0:
			return texts, nil
		case err != nil:
			return nil, errors.Join(errBroken, err)
		}
		switch name {
		case "si":
			if s.inCell = !closing && !s.empty; !closing {
				s.cells, s.values, s.phonetic = append(s.cells[:0], cellInfo{}), s.values[:0], 0
			}
			if closing || s.empty {
				texts = append(texts, unescapeText(string(s.values)))
			}
		case "rPh":
			s.readAloud(closing)
		case "t":
			if closing && s.inValue {
				if err := s.endValue(); err != nil {
					return nil, err
				}
			}
			if s.inValue = s.inCell && !closing && !s.empty && s.phonetic == 0; s.inValue {
				s.start = len(s.values)
			}
		}
		if len(s.values) > most*6 { // escaped characters take up to six bytes
			return nil, tooLarge("工作簿里有一段文本超过 %d 字节", "a text of the workbook has more than %d bytes", most)
		}
	}
}

func openBook(data []byte, limit int64) (book *excelize.File, err error) {
	defer refuse(&err)
	book, err = excelize.OpenReader(bytes.NewReader(data), excelize.Options{
		RawCellValue: true, UnzipSizeLimit: limit, UnzipXMLSizeLimit: limit,
	})
	if err != nil {
		return nil, brokenWorkbook()
	}
	book.GetSheetList() // reads the list of sheets
	return book, nil
}

// refuse makes an error of a panic, since the library takes some broken workbooks amiss.
func refuse(err *error) {
	if fault := recover(); fault != nil {
		*err = brokenWorkbook()
	}
}

// Close releases the workbook.
func (w *Workbook) Close() error { return w.book.Close() }

// sharedStrings is the part that holds the table of texts, in small letters: the library looks for
// it whatever its letters.
const sharedStrings = "xl/sharedstrings.xml"

// partName returns a part's name as the library takes it.
func partName(name string) string { return strings.ToLower(strings.ReplaceAll(name, "\\", "/")) }

// checkParts counts the XML elements of all parts but the sheets, which the library keeps
// in memory. It refuses two parts with one name.
func (w *Workbook) checkParts() error {
	elements := 0
	names := map[string]bool{}
	for name, part := range w.parts {
		lower := partName(name)
		if names[lower] {
			return brokenWorkbook()
		}
		names[lower] = true
		if strings.HasPrefix(lower, "xl/worksheets/") && !strings.HasSuffix(lower, ".rels") || !strings.HasSuffix(lower, ".xml") && !strings.HasSuffix(lower, ".rels") {
			continue
		}
		n, err := countElements(part)
		if err != nil {
			return brokenWorkbook()
		}
		if elements += n; elements > w.limits.Elements {
			return tooLarge("工作簿里的文本和样式太多（超过 %d 项），请只留数据，分成几个文件", "the workbook has too many texts and styles (more than %d elements); keep the figures alone and split it into several files", w.limits.Elements)
		}
	}
	return nil
}

// countElements counts the elements of a part.
func countElements(part *zip.File) (elements int, err error) {
	content, err := part.Open()
	if err != nil {
		return 0, err
	}
	defer content.Close()
	scanner := newSheetScanner(content)
	scanner.strict = false
	for {
		_, closing, err := scanner.element()
		switch {
		case errors.Is(err, io.EOF):
			return elements, nil
		case err != nil:
			return 0, err
		case !closing:
			elements++
		}
	}
}

// Sheets returns the worksheets in their order. Sheets that are charts are left out.
func (w *Workbook) Sheets() []Sheet {
	targets := w.targets()
	var sheets []Sheet
	for _, s := range w.book.WorkBook.Sheets.Sheet {
		part := w.parts[targets[s.ID]]
		if part == nil || !strings.Contains(part.Name, "worksheets/") {
			continue
		}
		sheets = append(sheets, Sheet{Name: s.Name, Hidden: s.State == "hidden" || s.State == "veryHidden", part: part})
	}
	return sheets
}

// targets maps the ids of the workbook's relations to the parts of the archive.
func (w *Workbook) targets() map[string]string {
	targets := map[string]string{}
	for _, r := range w.relations("xl/workbook.xml") {
		targets[r.ID] = r.Target
	}
	return targets
}

// relation is a part to which another one refers.
type relation struct {
	ID     string `xml:"Id,attr"`
	Type   string `xml:",attr"`
	Target string `xml:",attr"`
}

// relations returns what a part refers to, with the names of the parts.
func (w *Workbook) relations(of string) []relation {
	var relations struct{ Relationship []relation }
	folder := path.Dir(of)
	if !w.decode(path.Join(folder, "_rels", path.Base(of)+".rels"), &relations) {
		return nil
	}
	for i := range relations.Relationship {
		r := &relations.Relationship[i]
		if target := strings.TrimPrefix(r.Target, "/"); target != r.Target {
			r.Target = target
		} else {
			r.Target = path.Join(folder, r.Target)
		}
	}
	return relations.Relationship
}

// decode reads a small part of the archive; it reports false where there is none that can be read.
func (w *Workbook) decode(name string, into any) bool {
	part := w.parts[name]
	if part == nil {
		return false
	}
	content, err := part.Open()
	if err != nil {
		return false
	}
	defer content.Close()
	return xml.NewDecoder(io.LimitReader(content, maxRelations)).Decode(into) == nil
}
