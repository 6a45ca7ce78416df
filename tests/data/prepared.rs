//! Samples ready to train on: what is held out has no say in how cells are filled and features scaled.

use std::fs;

use planar::Error;
use planar::data::table::{Missing, TableOptions};
use planar::data::{Dataset, HeldOut, Options, Prepared, Scale, Source, Targets};

/// A table of two features far from 0, prepared with a share of it held out.
fn prepared(gap: &str, options: Options, held_out: Option<(f64, u32)>) -> planar::Result<Prepared> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("points.csv");
    let rows = (0..40).map(|k| match k {
        7 => format!("{},{gap},{}\n", 100 + k * k, k % 2),
        _ => format!("{},{},{}\n", 100 + k * k, 50 - k, k % 2),
    });
    fs::write(&path, rows.collect::<String>()).unwrap();
    let held_out = held_out.map(|(share, seed)| HeldOut::Fraction { share, seed });
    Source::Csv(path).prepare(&options, held_out.as_ref(), &mut |_| ())
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn features_are_scaled_by_the_training_samples_alone() {
    let with = |scale| Options { scale, ..Options::default() };
    let plain = prepared("43", with(Scale::None), Some((0.5, 3))).unwrap();
    let standard = prepared("43", with(Scale::Standard), Some((0.5, 3))).unwrap();
    assert_eq!(prepared("43", with(Scale::Auto), Some((0.5, 3))).unwrap().data, standard.data);
    let m = plain.data.samples();
    for (k, feature) in standard.data.columns().features.iter().enumerate() {
        let own = &plain.data.inputs()[k * m..(k + 1) * m];
        assert_eq!(feature.offset, mean(own));
        let deviation = mean(&own.iter().map(|x| (x - mean(own)).powi(2)).collect::<Vec<_>>()).sqrt();
        assert!((feature.factor * deviation - 1.0).abs() < 1e-15);
        let (held, scaled) = (plain.held_out.as_ref().unwrap(), standard.held_out.as_ref().unwrap());
        let n = held.samples();
        for (own, scaled) in held.inputs()[k * n..].iter().zip(&scaled.inputs()[k * n..]).take(n) {
            assert_eq!((own - feature.offset) * feature.factor, *scaled);
        }
        assert_ne!(mean(&held.inputs()[k * n..(k + 1) * n]), feature.offset);
    }
    assert_eq!(plain.sha256, standard.sha256);
}

#[test]
fn missing_cells_are_filled_with_the_mean_of_the_training_samples_alone() {
    let table = TableOptions { missing: Missing::Mean, ..TableOptions::default() };
    let options = Options { table, scale: Scale::None, ..Options::default() };
    for seed in 1..6 {
        let prepared = prepared("?", options.clone(), Some((0.3, seed))).unwrap();
        let (train, test) = (&prepared.data, prepared.held_out.as_ref().unwrap());
        let filled = train.columns().features[1].mean.unwrap();
        let m = train.samples();
        let there = |sample: &usize| train.inputs()[*sample] != 149.0;
        let of: Vec<f64> = (0..m).filter(there).map(|sample| train.inputs()[m + sample]).collect();
        assert!((filled - mean(&of)).abs() < 1e-12, "seed {seed}");
        let both = [train, test]
            .map(|data| (0..data.samples()).find(|s| data.inputs()[*s] == 149.0).map(|s| data.point(s).nth(1)));
        assert_eq!(both.into_iter().flatten().collect::<Vec<_>>(), [Some(filled)], "seed {seed}");
    }
}

#[test]
fn one_class_alone_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("points.csv");
    fs::write(&path, "1,yes\n2,yes\n").unwrap();
    let error = Source::Csv(path).prepare(&Options::default(), None, &mut |_| ()).unwrap_err();
    assert!(matches!(&error, Error::Csv { place, .. } if place == ", column 2"), "{error:?}");
    assert!(error.to_string().contains("every label in column 2 is yes, where two classes are expected"), "{error}");
}

#[test]
fn a_generated_set_is_scaled_where_it_is_asked_for_and_not_by_itself() {
    for source in Source::GENERATED {
        let own = source.load(&Options::default()).unwrap();
        let auto = source.prepare(&Options::default(), None, &mut |_| ()).unwrap();
        assert_eq!((&auto.data, auto.notices.len()), (&own, 0));
        let options = Options { scale: Scale::MinMax, ..Options::default() };
        let scaled = source.prepare(&options, None, &mut |_| ()).unwrap().data;
        let (low, high) =
            scaled.inputs().iter().fold((9.0_f64, -9.0_f64), |(low, high), x| (low.min(*x), high.max(*x)));
        assert!(low == 0.0 && (high - 1.0).abs() < 1e-15, "{source}: {low} to {high}");
        // what has learnt from it is shown it in the same way again
        let again = source.prepare_for(scaled.columns(), &Options::default(), None, &mut |_| ()).unwrap();
        assert_eq!(again.data, scaled);
    }
}

#[test]
fn a_fold_is_filled_and_scaled_as_a_file_of_its_training_samples_is() {
    let rows: Vec<String> = (0..41)
        .map(|k| match k % 6 {
            3 => format!("{},?,{}\n", 100 + k * k, k % 2),
            _ => format!("{},{},{}\n", 100 + k * k, 50 - k * k % 17, k % 2),
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let (path, alone) = (folder.path().join("points.csv"), folder.path().join("alone"));
    fs::create_dir(&alone).unwrap();
    fs::write(&path, rows.concat()).unwrap();
    let table = TableOptions { missing: Missing::Mean, ..TableOptions::default() };
    for scale in [Scale::Auto, Scale::Standard, Scale::MinMax, Scale::None] {
        let options = Options { table: table.clone(), scale, ..Options::default() };
        let fold_of = Source::Csv(path.clone()).load(&options).unwrap().folds(3, 7).unwrap();
        let folds = Source::Csv(path.clone()).folds(&options, 3, 7, &mut |_| ()).unwrap();
        assert_eq!((folds.count(), folds.whole().unwrap().data.samples()), (3, 41));
        for fold in 0..3 {
            let prepared = folds.prepare(fold).unwrap();
            let learnt: String =
                rows.iter().zip(&fold_of).filter(|(_, of)| **of != fold).map(|(row, _)| &**row).collect();
            let unseen: String =
                rows.iter().zip(&fold_of).filter(|(_, of)| **of == fold).map(|(row, _)| &**row).collect();
            fs::write(alone.join("points.csv"), learnt).unwrap();
            fs::write(folder.path().join("unseen.csv"), unseen).unwrap();
            let test = HeldOut::File(folder.path().join("unseen.csv"));
            let file = Source::Csv(alone.join("points.csv")).prepare(&options, Some(&test), &mut |_| ()).unwrap();
            assert_eq!(prepared.data, file.data, "fold {fold}, {scale}");
            let (held, wanted) = (prepared.held_out.unwrap(), file.held_out.unwrap());
            assert_eq!((held.inputs(), held.labels()), (wanted.inputs(), wanted.labels()), "fold {fold}, {scale}");
        }
        assert!(folds.prepare(3).is_err());
    }
}

#[test]
fn targets_are_scaled_by_the_training_samples_alone_and_predicted_in_their_own_unit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("prices.csv");
    let rows: String =
        (0..60).map(|k| format!("{},{}\n", f64::from(k) / 30.0, 5000.5 + 100.0 * f64::from(k))).collect();
    fs::write(&path, format!("x,price\n{rows}")).unwrap();
    let of = |scale_targets| {
        let table = TableOptions { scale_targets, ..TableOptions::default() };
        let options = Options { table, ..Options::default() };
        Source::Csv(path.clone()).prepare(&options, Some(&HeldOut::Fraction { share: 0.3, seed: 1 }), &mut |_| ())
    };
    let (own, scaled) = (of(Scale::None).unwrap(), of(Scale::Standard).unwrap());
    let values = |data: &Dataset| match data.targets() {
        Targets::Numbers { values, .. } => values.to_vec(),
        other => panic!("{other:?}"),
    };
    let target = scaled.data.columns().targets[0].clone();
    assert!((target.offset - mean(&values(&own.data))).abs() < 1e-9);
    assert!(mean(&values(&scaled.data)).abs() < 1e-12);
    assert!((mean(&values(&scaled.data).iter().map(|y| y * y).collect::<Vec<_>>()) - 1.0).abs() < 1e-12);
    let [own, scaled] = [own, scaled].map(|prepared| values(&prepared.held_out.unwrap()));
    for (own, scaled) in own.iter().zip(scaled) {
        assert!((target.unscaled(scaled) - own).abs() < 1e-9, "{own} {scaled}");
    }
    fs::write(&path, "x,c\n1,a\n2,b\n3,a\n4,b\n5,a\n6,b\n").unwrap();
    let error = of(Scale::Standard).unwrap_err().to_string();
    assert!(error.ends_with("has no numbers to be learnt, which alone are scaled"), "{error}");
}
