//! Which word somebody may have meant.

/// Bytes of a word that may be a slip of the finger.
const WORD_BYTES_MAX: usize = 64;

/// Finds the word nearest to one that is not among them, if it is near at all.
pub fn near<'a>(word: &str, all: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A third of the letters may be wrong; more is another word.
    let far = (word.chars().count() / 3).max(1);
    // Words of very different lengths are not compared: scripts may have long ones.
    let alike = all.into_iter().filter(|other| other.len().abs_diff(word.len()) <= 4 * far);
    let distances = alike.take_while(|_| word.len() <= WORD_BYTES_MAX);
    let distances = distances.map(|other| (distance(word, other), other));
    distances.filter(|(distance, _)| *distance <= far).min().map(|(_, other)| other)
}

/// Counts the letters to insert, drop, replace or swap with their neighbour.
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut rows = vec![vec![0; right.len() + 1]; left.len() + 1];
    for i in 0..=left.len() {
        for j in 0..=right.len() {
            rows[i][j] = step(&rows, (&left, i), (&right, j));
        }
    }
    rows[left.len()][right.len()]
}

fn step(rows: &[Vec<usize>], (left, i): (&[char], usize), (right, j): (&[char], usize)) -> usize {
    if i == 0 || j == 0 {
        return i + j;
    }
    let same = usize::from(left[i - 1] != right[j - 1]);
    let mut least = (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + same);
    let swapped = i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
    if swapped {
        least = least.min(rows[i - 2][j - 2] + 1);
    }
    least
}

#[cfg(test)]
mod tests {
    use super::near;

    #[test]
    fn slips_of_the_finger_are_near() {
        let hooks = ["connect", "passivity", "relay", "relays"];
        assert_eq!(near("pasivity", hooks), Some("passivity"));
        assert_eq!(near("conenct", hooks), Some("connect"));
        assert_eq!(near("Relays", hooks), Some("relays"));
    }

    #[test]
    fn other_words_are_not() {
        assert_eq!(near("night", ["connect", "passivity"]), None);
        assert_eq!(near("on_lag", ["lag", "relay"]), None);
    }
}
