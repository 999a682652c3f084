package grid

import "strings"

// Comment is a remark that is attached to a cell.
type Comment struct{ Cell, Text string }

// ownComments is whose comments are those of the sheet with a verdict, in which findings stand beside their cells.
const ownComments = "citytally"

// Comments returns the comments on a sheet's cells, but for those of the system itself.
func (w *Workbook) Comments(s *Sheet) (all []Comment) {
	for _, r := range w.relations(s.part.Name) {
		if !strings.HasSuffix(r.Type, "/comments") {
			continue
		}
		var read struct {
			Authors []string `xml:"authors>author"`
			List    []struct {
				Ref    string   `xml:"ref,attr"`
				Author int      `xml:"authorId,attr"`
				Plain  []string `xml:"text>t"`
				Runs   []string `xml:"text>r>t"`
			} `xml:"commentList>comment"`
		}
		w.decode(r.Target, &read)
		for _, c := range read.List {
			if c.Author < 0 || c.Author >= len(read.Authors) || read.Authors[c.Author] != ownComments {
				all = append(all, Comment{c.Ref, strings.TrimSpace(strings.Join(append(c.Plain, c.Runs...), ""))})
			}
		}
	}
	return all
}
