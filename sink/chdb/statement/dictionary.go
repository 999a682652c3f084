package statement

import (
	"strings"

	"github.com/citytally/citytally/sink/chdb/judged"
)

// refuseDictionary refuses the part of a dictionary that begins at token i, a SOURCE(…) or LAYOUT(…), where package judged
// refuses what it names. A source may only be a table or query of this engine, whose text is searched for calls.
func (p *parser) refuseDictionary(i int) error {
	switch p.keyword(i) {
	case "SOURCE":
		if p.holdsOutsideCall(i + 2) {
			return Denied("a call in the query of a dictionary's source", "insert the content into a table.")
		}
		return p.refuseSource(i + 2)
	case "LAYOUT":
		if verdict, _ := judged.DictionaryLayouts.Of(p.name(i + 2)); verdict == judged.Refused {
			return Denied("the dictionary layout "+Excerpt(p.at(i+2)), "a layout in memory, such as HASHED().")
		}
	}
	return nil
}

// refuseSource refuses a dictionary's SOURCE(…), whose first token is i, unless it is NULL or a table or query of this
// engine.
func (p *parser) refuseSource(i int) error {
	const instead = "SOURCE(CLICKHOUSE(TABLE …)) or SOURCE(CLICKHOUSE(QUERY …)) on this engine's own tables."
	if verdict, _ := judged.DictionarySources.Of(p.name(i)); verdict != judged.Allowed {
		return Denied("a dictionary from "+Excerpt(p.at(i)), instead)
	}
	for depth := p.depth[i]; i < len(p.tokens) && p.depth[i] >= depth; i++ {
		if strings.EqualFold(p.name(i), "host") {
			if host := p.at(i + 1); host != "'localhost'" && host != "'127.0.0.1'" {
				return Denied("a dictionary from another host", instead)
			}
		}
		if strings.EqualFold(p.name(i), "name") {
			return Denied("a dictionary from a named collection", instead)
		}
	}
	return nil
}
