package charset

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// byteProfile is what the bytes of a text say about its encoding. Offsets are -1 where there
// is no such byte.
type byteProfile struct {
	high                   int // bytes above ASCII
	invalidUTF8, invalidGB int // offsets of the first bytes that do not fit
	// Runs are sequences of bytes above ASCII: those that are UTF-8 of three or more bytes
	// and hardly GB18030, and those that are not UTF-8.
	utf8Runs, gbRuns         int
	firstUTF8Run, firstGBRun int
	wide, rare               int // two- and four-byte characters by GB18030, and those outside GB 2312
	onlyTwoBytes, exotic     bool
}

func profileOf(data []byte) byteProfile {
	p := byteProfile{invalidUTF8: firstInvalidUTF8(data), invalidGB: -1, firstUTF8Run: -1, firstGBRun: -1, onlyTwoBytes: true}
	for i := 0; i < len(data); {
		if data[i] < utf8.RuneSelf {
			i++
			continue
		}
		end := i
		for end < len(data) && data[end] >= utf8.RuneSelf {
			end++
		}
		p.addRun(data[i:end], i)
		i = end
	}
	if p.invalidUTF8 >= 0 || p.onlyTwoBytes {
		p.scanGB(data)
	}
	return p
}

func (p *byteProfile) addRun(run []byte, at int) {
	p.high += len(run)
	if !utf8.Valid(run) {
		if p.gbRuns++; p.firstGBRun < 0 {
			p.firstGBRun = at
		}
		return
	}
	for _, r := range string(run) {
		if r >= 0x800 {
			p.onlyTwoBytes = false
		} else if !(r >= 0xa0 && r < 0x250 || r >= 0x391 && r <= 0x3c9) {
			p.exotic = true
		}
	}
	if !p.onlyTwoBytes && !commonGB(run) {
		if p.utf8Runs++; p.firstUTF8Run < 0 {
			p.firstUTF8Run = at
		}
	}
}

// commonGB reports whether bytes are characters of GB 2312, two bytes each.
func commonGB(run []byte) bool {
	for i := 0; i+1 < len(run); i += 2 {
		if !inGB2312(run[i], run[i+1]) {
			return false
		}
	}
	return len(run)%2 == 0
}

func inGB2312(lead, trail byte) bool {
	return (lead >= 0xa1 && lead <= 0xa9 || lead >= 0xb0 && lead <= 0xf7) && trail >= 0xa1 && trail <= 0xfe
}

// scanGB walks over the text as GB18030.
func (p *byteProfile) scanGB(data []byte) {
	for i := 0; i < len(data); {
		if data[i] < utf8.RuneSelf {
			i++
			continue
		}
		n := lengthGB(data[i:])
		if n == 0 {
			p.invalidGB = i
			return
		}
		if p.wide++; n != 2 || !inGB2312(data[i], data[i+1]) {
			p.rare++
		}
		i += n
	}
}

// lengthGB returns the bytes of the character that GB18030 begins with, above ASCII; 0 is
// none.
func lengthGB(data []byte) int {
	if data[0] == 0x80 || data[0] == 0xff || len(data) < 2 {
		return 0
	}
	n := 0
	switch trail := data[1]; {
	case data[0] >= 0xb0 && data[0] <= 0xf7 && data[0] != 0xd7 && trail >= 0xa1 && trail != 0xff:
		return 2 // the characters of GB 2312 leave no place out but in D7
	case trail >= 0x40 && trail != 0x7f && trail != 0xff:
		n = 2
	case trail >= '0' && trail <= '9' && len(data) >= 4 && data[2] > 0x80 && data[2] < 0xff && data[3] >= '0' && data[3] <= '9':
		n = 4
	default:
		return 0
	}
	decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(data[:n])
	if err != nil || !fits(decoded) {
		return 0
	}
	return n
}

// fits reports whether a character is one that people write.
func fits(decoded []byte) bool {
	r, n := utf8.DecodeRune(decoded)
	return n == len(decoded) && r != encoding.ASCIISub && r != utf8.RuneError && !unicode.In(r, unicode.Co, unicode.Cn)
}

func firstInvalidUTF8(data []byte) int {
	if utf8.Valid(data) {
		return -1
	}
	for i := 0; i < len(data); {
		if data[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n <= 1 {
			return i
		}
		i += n
	}
	return -1
}
