package judge

import (
	"fmt"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

// maxSuggestions is how many unknown words of a submission are compared with all names of the
// catalogue, which takes up to a millisecond for each. A file with more of them is not one with
// typing mistakes.
const maxSuggestions = 50

// suggestions are the problems of one submission's unknown indicators, by the word.
type suggestions map[string]*catalogue.Problem

// unknownIndicator returns the finding on a name that is no indicator's, without a suggestion.
func unknownIndicator(name string) *event.Finding {
	seen := event.Excerpt(name, maxName)
	return reject("INDICATOR_UNKNOWN", "indicator", seen,
		fmt.Sprintf("没有指标%s；请对照指标目录填写指标名称", catalogue.Quoted(seen)),
		fmt.Sprintf("there is no indicator %q; look the indicator's id or name up in the catalogue", seen))
}

// complete adds to the finding on an unknown indicator which one may be meant.
func (s suggestions) complete(f *event.Finding, c *catalogue.Catalogue) {
	if f.Code != "INDICATOR_UNKNOWN" {
		return
	}
	name := strings.TrimSpace(f.Indicator)
	p, known := s[name]
	if !known {
		if len(s) == maxSuggestions {
			return
		}
		p = c.UnknownIndicator(name)
		s[name] = p
	}
	f.Seen, f.MessageZH, f.MessageEN = p.Seen, p.ZH, p.EN
}
