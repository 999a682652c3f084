package decode

import (
	"fmt"
	"strings"

	"github.com/citytally/citytally/ingest/event"
)

// Understanding is what a file was taken for.
type Understanding struct {
	// ZH and EN are one sentence: the format, the encoding, where the table begins, how it
	// is laid out, what was taken from a title or a parameter, and how many figures there are.
	ZH string `json:"zh"`
	EN string `json:"en"`
	// Notes are about what was passed over or deserves a look, with severity inform.
	Notes []event.Finding `json:"notes,omitempty"`
	// NotesOmitted counts notes beyond the first [MaxNotes].
	NotesOmitted int `json:"notes_omitted,omitempty"`
}

// narrator puts an understanding together.
type narrator struct {
	Understanding
	partsZH, partsEN []string
}

// MaxNotes is how many notes an understanding lists.
const MaxNotes = 50

// say adds a part of the sentence.
func (u *narrator) say(zh, en string) {
	u.partsZH, u.partsEN = append(u.partsZH, zh), append(u.partsEN, en)
}

// sayf adds a part of the sentence with the same arguments in both languages.
func (u *narrator) sayf(zh, en string, args ...any) {
	u.say(fmt.Sprintf(zh, args...), fmt.Sprintf(en, args...))
}

// note adds a note on a place; row 0 is the whole file.
func (u *narrator) note(code string, row int, column, seen, zh, en string) {
	if len(u.Notes) >= MaxNotes {
		u.NotesOmitted++
		return
	}
	u.Notes = append(u.Notes, event.Finding{
		Code: code, Severity: event.Inform, Row: row, Column: column, Seen: event.Excerpt(seen, maxSeen), MessageZH: zh, MessageEN: en,
	})
}

// maxSeen is how many bytes of a cell a message repeats.
const maxSeen = 100

// finish ends the sentence with how many figures there are, how many places that say
// nothing and how many that cannot be read.
func (u *narrator) finish(figures, silent, malformed, foreign int) {
	u.sayf("共 %d 个数据", plural(figures, "%d figure"), figures)
	switch {
	case silent == 1:
		u.say("1 个空单元格不表示任何数据", "1 empty cell says nothing")
	case silent > 1:
		u.sayf("%d 个空单元格不表示任何数据", "%d empty cells say nothing", silent)
	}
	if malformed > 0 {
		u.sayf("%d 处无法读取", plural(malformed, "%d place")+" that cannot be read", malformed)
	}
	if foreign > 0 {
		u.sayf("%d 处属于其他地区，不予采用", plural(foreign, "%d place")+" of other areas, not taken", foreign)
	}
	u.ZH = strings.Join(u.partsZH, "；") + "。"
	u.EN = strings.Join(u.partsEN, "; ") + "."
}

// plural returns a format for a count of things: 1 figure, 2 figures.
func plural(n int, format string) string {
	if n == 1 {
		return format
	}
	return format + "s"
}
