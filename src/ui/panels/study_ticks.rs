//! Rows of values to tick, of which a study compares those that are ticked.

use eframe::egui::Ui;

use super::widgets::field;
use crate::domain::Choice;

/// A value that can be ticked, with its label and tooltip.
pub(super) type Offer<T> = (T, String, String);

/// Values to tick. Those that are ticked stand in the order in which they are offered, after those of other rows.
pub(super) fn ticks_ui<T: Clone + PartialEq>(ui: &mut Ui, name: &str, offers: &[Offer<T>], chosen: &mut Vec<T>) {
    field(ui, name, |ui| {
        ui.horizontal_wrapped(|ui| {
            for (value, label, help) in offers {
                let mut is_ticked = chosen.contains(value);
                let tick = ui.checkbox(&mut is_ticked, label).on_hover_text(help);
                if tick.accessible_name(format!("{name} {label}").trim().to_owned()).changed() {
                    *chosen = with(chosen, offers, value, is_ticked);
                }
            }
        });
    });
}

/// What is chosen after a value was ticked or not.
fn with<T: Clone + PartialEq>(chosen: &[T], offers: &[Offer<T>], value: &T, is_ticked: bool) -> Vec<T> {
    let is_offered = |other: &T| offers.iter().any(|(offered, ..)| offered == other);
    let others = chosen.iter().filter(|other| !is_offered(other)).cloned();
    let is_in = |offered: &&T| if *offered == value { is_ticked } else { chosen.contains(offered) };
    let own: Vec<T> = offers.iter().map(|(offered, ..)| offered).filter(is_in).cloned().collect();
    others.chain(own).collect()
}

/// A value of an option as the option's table has it.
pub(super) fn titled<T: Choice>(value: &T) -> Offer<T> {
    (value.clone(), value.title().to_owned(), value.help().to_owned())
}

/// Every value of an option.
pub(super) fn every<T: Choice>() -> Vec<Offer<T>> {
    T::ALL.iter().map(titled).collect()
}

/// What is offered always, and after it those of other values that are not among it. A value that is ticked has to be on offer, or
/// nobody could untick it.
pub(super) fn with_others<T: Clone + PartialEq>(
    always: Vec<Offer<T>>,
    others: impl IntoIterator<Item = T>,
    told: impl Fn(&T) -> Offer<T>,
) -> Vec<Offer<T>> {
    others.into_iter().fold(always, |mut offers, other| {
        if !offers.iter().any(|(offered, ..)| *offered == other) {
            offers.push(told(&other));
        }
        offers
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offers(values: &[u8]) -> Vec<Offer<u8>> {
        values.iter().map(|n| (*n, n.to_string(), String::new())).collect()
    }

    #[test]
    fn what_is_ticked_stands_in_the_order_of_the_offers() {
        let offers = offers(&[1, 2, 3]);
        assert_eq!(with(&[9, 3], &offers, &1, true), [9, 1, 3]);
        assert_eq!(with(&[9, 1, 3], &offers, &3, false), [9, 1]);
        assert_eq!(with(&[9, 1], &offers, &1, true), [9, 1]);
    }

    #[test]
    fn other_values_are_offered_once() {
        let told = |n: &u8| (*n, n.to_string(), String::new());
        assert_eq!(with_others(offers(&[1, 2]), [2, 7, 7], told), offers(&[1, 2, 7]));
    }
}
