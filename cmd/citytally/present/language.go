package present

// Language is the language of the reader.
type Language string

// The languages.
const (
	Chinese Language = "zh"
	English Language = "en"
)

// Words returns the words of the language.
func (l Language) Words() *Words {
	if l == Chinese {
		return &chineseWords
	}
	return &englishWords
}

// Choose returns the one of two texts that is in the language.
func (l Language) Choose(zh, en string) string {
	if l == Chinese {
		return zh
	}
	return en
}
